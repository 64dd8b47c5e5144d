//! What is called from outside in JavaScript and TypeScript. What is exported is public.

use crate::engine::Surface;

pub(super) static SURFACE: Surface = Surface {
    // Handlers of NestJS and its like, and what Angular calls.
    entry_annotations: &[
        "All",
        "Cron",
        "Delete",
        "EventPattern",
        "Get",
        "GrpcMethod",
        "Head",
        "HostListener",
        "Interval",
        "MessagePattern",
        "Mutation",
        "OnEvent",
        "Options",
        "Patch",
        "Post",
        "Process",
        "Put",
        "Query",
        "ResolveField",
        "Sse",
        "SubscribeMessage",
        "Subscription",
        "Timeout",
    ],
    ..Surface::NONE
};
