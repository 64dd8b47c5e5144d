//! What the Java virtual machine and frameworks on it call.

use snake_pipe_core::model::{Function, Parameter, ParameterKind};

/// Serialization calls these by name, with so many parameters (Java Object Serialization Specification, 2 and 3).
pub(super) const MEMBERS: &[(&str, usize)] = &[
    ("readObject", 1),
    ("readObjectNoData", 0),
    ("readResolve", 0),
    ("writeObject", 1),
    ("writeReplace", 0),
];

/// Handlers, beans and callbacks of Spring, Jakarta EE (JAX-RS, CDI, JPA), Quarkus, Micronaut and picocli.
pub(super) const ANNOTATIONS: &[&str] = &[
    "AfterReturning",
    "AfterThrowing",
    "Around",
    "Bean",
    "Command",
    "ConnectMapping",
    "DELETE",
    "DeleteMapping",
    "EventListener",
    "ExceptionHandler",
    "GET",
    "GetMapping",
    "HEAD",
    "InitBinder",
    "JmsListener",
    "KafkaListener",
    "MessageMapping",
    "ModelAttribute",
    "MutationMapping",
    "OPTIONS",
    "OnClose",
    "OnError",
    "OnMessage",
    "OnOpen",
    "PATCH",
    "POST",
    "PUT",
    "PatchMapping",
    "PostConstruct",
    "PostLoad",
    "PostMapping",
    "PostPersist",
    "PostRemove",
    "PostUpdate",
    "PreDestroy",
    "PrePersist",
    "PreRemove",
    "PreUpdate",
    "Produces",
    "PutMapping",
    "QueryMapping",
    "RabbitListener",
    "RequestMapping",
    "Scheduled",
    "SqsListener",
    "StreamListener",
    "SubscribeMapping",
    "SubscriptionMapping",
    "TransactionalEventListener",
    // Of Scala 3.
    "main",
];

/// Whether a function takes what the virtual machine gives to `main`: an array of strings.
pub(super) fn takes_arguments(function: &Function, types: &[&str]) -> bool {
    let [Parameter { type_name: Some(type_name), kind, .. }] = function.parameters.as_slice() else {
        return false;
    };
    let last = type_name.replace([' ', '?'], "").replace("java.lang.", "");
    types.contains(&last.as_str())
        || *kind == ParameterKind::Variadic && last.trim_end_matches('.') == "String"
}
