use snake_pipe_core::{
    Language,
    model::{BaseKind, ClassKind, FunctionKind, ImportKind, Owner, ResolutionStatus, Visibility},
};

use super::*;
use crate::facts::Quarantined;

const GREETER: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/snake_pipe_json/Greeter.json"));

fn options() -> SnakePipeJsonOptions {
    SnakePipeJsonOptions { root: Some("/home/ada/project".into()), store_source: false }
}

fn records(text: &str, options: SnakePipeJsonOptions) -> Vec<Record> {
    SnakePipeJsonReader::new(text.as_bytes(), options).map(|record| record.unwrap()).collect()
}

fn greeter() -> TransformedAst {
    match &records(GREETER, options())[..] {
        [Record::Facts(facts)] => (**facts).clone(),
        other => panic!("{other:?}"),
    }
}

fn quarantined(text: &str) -> Quarantined {
    match records(text, SnakePipeJsonOptions::default()).remove(0) {
        Record::Quarantined(quarantined) => quarantined,
        Record::Facts(facts) => panic!("{facts:?} was taken for sound"),
    }
}

#[test]
fn the_file_is_known_by_its_path_below_the_root() {
    let facts = greeter();
    assert_eq!(facts.path.as_str(), "src/main/java/org/example/Greeter.java");
    assert_eq!((facts.language, facts.namespace.as_deref()), (Language::Java, Some("org.example")));
    assert_eq!((facts.size_bytes, facts.content_hash), (None, None));
}

#[test]
fn without_a_root_the_leading_slash_goes() {
    let facts = records(GREETER, SnakePipeJsonOptions::default());
    let [Record::Facts(facts)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!(facts.path.as_str(), "home/ada/project/src/main/java/org/example/Greeter.java");
}

#[test]
fn paths_of_windows_become_plain() {
    let text = r#"{"filePath":"C:\\work\\app\\A.java"}"#;
    let options = SnakePipeJsonOptions { root: Some("C:\\work".into()), store_source: false };
    let Record::Facts(facts) = &records(text, options)[0] else { panic!("no facts") };
    assert_eq!(facts.path.as_str(), "app/A.java");
}

#[test]
fn imports_are_divided_into_module_and_name() {
    let facts = greeter();
    let imports: Vec<_> =
        facts.imports.iter().map(|i| (i.kind, i.module.as_str(), i.name.as_deref())).collect();
    assert_eq!(
        imports,
        [
            (ImportKind::Name, "java.util", Some("List")),
            (ImportKind::Name, "org.example.Texts", Some("HELLO")),
            (ImportKind::Wildcard, "java.io", None),
        ]
    );
    assert_eq!(facts.imports[1].raw, "import static org.example.Texts.HELLO;");
    let statuses: Vec<_> = facts.imports.iter().map(|import| import.resolution.status).collect();
    use ResolutionStatus::{Stdlib, Unresolved};
    assert_eq!(statuses, [Stdlib, Unresolved, Stdlib]);
}

#[test]
fn classes_stand_behind_what_encloses_them() {
    let facts = greeter();
    let [greeter, words] = &facts.classes[..] else { panic!("two classes") };
    assert_eq!((greeter.name.as_str(), greeter.kind, greeter.outer), ("Greeter", ClassKind::Class, None));
    assert_eq!(
        (words.kind, words.outer, words.visibility),
        (ClassKind::Interface, Some(0), Visibility::Private)
    );
    assert_eq!(greeter.doc_string.as_deref(), Some("Greets people.\n\n@author ada"));
    assert_eq!((greeter.is_final, greeter.modifiers.join(" ").as_str()), (true, "public final"));
    assert_eq!(greeter.fields[0].type_name.as_deref(), Some("List<String>"));
    assert_eq!(words.doc_string, None);
}

#[test]
fn bases_keep_their_type_arguments_beside_the_name() {
    let facts = greeter();
    let bases: Vec<_> = facts.bases.iter().map(|b| (b.kind, b.name.as_str(), b.text.as_str())).collect();
    assert_eq!(
        bases,
        [
            (BaseKind::Extends, "Base", "Base<Map<String, Integer>>"),
            (BaseKind::Implements, "Runnable", "Runnable"),
            (BaseKind::Implements, "Comparable", "Comparable<Greeter>"),
        ]
    );
}

#[test]
fn methods_carry_their_measures_and_parameters() {
    let facts = greeter();
    let [constructor, run, greet] = &facts.functions[..] else { panic!("three functions") };
    assert_eq!(constructor.kind, FunctionKind::Constructor);
    assert_eq!(constructor.qualified_name, "org.example.Greeter.Greeter");
    assert_eq!((run.complexity, run.code_lines, run.class), (Some(2), Some(5), Some(0)));
    assert_eq!(
        run.metadata.as_ref().unwrap().as_str(),
        r#"{"blank_lines":0,"comment_lines":0,"control_flow_statements":["Try","Catch: Exception e"],"total_lines":5}"#
    );
    assert_eq!((greet.parameters[0].name.as_str(), greet.is_static, greet.is_test), ("name", true, true));
    assert_eq!((greet.return_type.as_deref(), greet.source_code.as_deref()), (Some("String"), None));
}

#[test]
fn annotations_stand_at_their_owners() {
    let facts = greeter();
    let annotations: Vec<_> =
        facts.annotations.iter().map(|a| (a.owner, a.name.as_str(), a.arguments.as_deref())).collect();
    assert_eq!(
        annotations,
        [
            (Owner::Class(0), "Service", Some("\"a, b\"")),
            (Owner::Class(0), "Deprecated", None),
            (Owner::Function(1), "Override", None),
            (Owner::Function(2), "Test", None),
        ]
    );
}

#[test]
fn calls_are_resolved_where_the_producer_names_a_method_of_the_file() {
    let facts = greeter();
    let [greet, println, other] = &facts.calls[..] else { panic!("three calls") };
    assert_eq!((greet.function, greet.argument_count, greet.text.as_deref()), (Some(1), 1, None));
    assert_eq!(greet.resolution.target.unwrap().file, facts.key());
    assert_eq!(println.text.as_deref(), Some("System.out.println"));
    assert_eq!(println.resolution.status, ResolutionStatus::Stdlib);
    assert_eq!(other.resolution.status, ResolutionStatus::Unresolved);
}

#[test]
fn other_unique_ids_give_the_same_facts() {
    let again = GREETER.replace("_17540489773", "_99999").replace("AST_", "AST_7");
    assert_ne!(again, GREETER);
    assert_eq!(records(&again, options()), records(GREETER, options()));
    assert_eq!(greeter().content_identity(), greeter().content_identity());
}

#[test]
fn several_objects_are_read_from_a_row_or_an_array() {
    for text in
        [r#"{"filePath":"a.java"}{"filePath":"b.java"}"#, r#"[{"filePath":"a.java"},{"filePath":"b.java"}]"#]
    {
        let records = records(text, SnakePipeJsonOptions::default());
        assert!(matches!(&records[..], [Record::Facts(_), Record::Facts(_)]), "{records:?}");
    }
}

#[test]
fn a_wrong_object_is_named_and_the_others_go_on() {
    let text = "{\"filePath\":\"a.java\",\"classes\":[{\"name\":\"A\",\"methods\":[{\"name\":3}]}]}\n{\"filePath\":\"b.java\"}";
    let records = records(text, SnakePipeJsonOptions::default());
    let [Record::Quarantined(quarantined), Record::Facts(_)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        quarantined.to_string(),
        "object 1 (line 1), field classes[0].methods[0].name: a text is expected, not `3`"
    );
    assert_eq!(quarantined.path.as_ref().unwrap().as_str(), "a.java");
}

#[test]
fn an_object_that_is_cut_off_still_names_its_file() {
    let quarantined = quarantined(r#"{"filePath":"/a.java","classes":[{"#);
    assert_eq!(quarantined.refused().unwrap().language, Language::Java);
    assert_eq!(quarantined.path.unwrap().as_str(), "a.java");
    assert!(quarantined.message.contains("cut off"));
    // Behind the cut there may have been other files.
    assert!(quarantined.hides_files);
}

#[test]
fn a_file_outside_the_root_is_quarantined() {
    let text = r#"{"filePath":"/home/ada/project2/A.java"}"#;
    let records = records(text, options());
    let [Record::Quarantined(quarantined)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        quarantined.to_string(),
        "object 1 (line 1), field filePath: `/home/ada/project2/A.java` is not below the root `/home/ada/project`"
    );
}

#[test]
fn the_facts_are_sound_by_the_rules_of_the_interchange_format() {
    let mut line = Vec::new();
    crate::facts::write_ndjson(&mut line, &greeter()).unwrap();
    let records: Vec<_> =
        crate::facts::NdjsonReader::new(line.as_slice()).map(|record| record.unwrap()).collect();
    assert_eq!(records, [Record::Facts(Box::new(greeter()))]);
}

#[test]
fn a_call_is_resolved_by_the_qualified_types_of_the_parameters() {
    let text = r#"{"filePath":"T.java","classes":[{"name":"T","qualifiedName":"T","methods":[
        {"name":"all","qualifiedName":"T.all","symbolId":"T.all()","methodCalls":[
            {"methodName":"load","resolvedMethod":"T.load(java.sql.ResultSet)","arguments":["rs"]},
            {"methodName":"put","resolvedMethod":"T.put(java.lang.String, int)","arguments":["s","1"]},
            {"methodName":"put","resolvedMethod":"T.put(long)","arguments":["1"]}]},
        {"name":"load","qualifiedName":"T.load","symbolId":"T.load(ResultSet)",
            "parameters":["rs"],"parameterTypes":["java.sql.ResultSet"]},
        {"name":"put","parameters":["s","n"],"parameterTypes":["java.lang.String","int"]}]}]}"#;
    let Record::Facts(facts) = records(text, SnakePipeJsonOptions::default()).remove(0) else {
        panic!("refused")
    };
    let targets: Vec<_> =
        facts.calls.iter().map(|call| call.resolution.target.map(|target| target.entity)).collect();
    let function =
        |index: usize| Some(snake_pipe_core::model::Entity::Function(facts.functions[index].symbol));
    assert_eq!(targets, [function(1), function(2), None]);
    assert_eq!(facts.calls[2].resolution.status, ResolutionStatus::Unresolved);
}

#[test]
fn the_form_is_known_by_the_first_field() {
    for text in
        ["{\n  \"filePath\" : \"a\"", "[{\"uniqueId\":\"AST_1\"", "\u{feff} [ {\"filePath\":\"a\"}]", GREETER]
    {
        assert!(is_snake_pipe_json(text.as_bytes()), "{text}");
    }
    for text in ["", "{}", "{\"path\":\"filePath\"}", "[]", "{\"path\":\"a\",\"classes\":[]}"] {
        assert!(!is_snake_pipe_json(text.as_bytes()), "{text}");
    }
}
