//! Names of the run-time systems of JavaScript.

/// `module.builtinModules` of Node.js v20.20.2, without the private ones; sorted.
#[rustfmt::skip]
const MODULES: [&str; 54] = [
    "assert", "assert/strict", "async_hooks", "buffer", "child_process", "cluster", "console", "constants",
    "crypto", "dgram", "diagnostics_channel", "dns", "dns/promises", "domain", "events", "fs",
    "fs/promises", "http", "http2", "https", "inspector", "inspector/promises", "module", "net", "os",
    "path", "path/posix", "path/win32", "perf_hooks", "process", "punycode", "querystring", "readline",
    "readline/promises", "repl", "stream", "stream/consumers", "stream/promises", "stream/web",
    "string_decoder", "sys", "timers", "timers/promises", "tls", "trace_events", "tty", "url", "util",
    "util/types", "v8", "vm", "wasi", "worker_threads", "zlib",
];

/// Functions and constructors of the global object: ECMA-262 (2024), chapter 19, and those of the WHATWG standards and of
/// Node.js that are used by their bare names; sorted.
#[rustfmt::skip]
const GLOBALS: [&str; 84] = [
    "AbortController", "AbortSignal", "AggregateError", "Array", "ArrayBuffer", "BigInt", "BigInt64Array",
    "BigUint64Array", "Blob", "Boolean", "Buffer", "DataView", "Date", "Error", "EvalError", "Event",
    "EventTarget", "FinalizationRegistry", "Float32Array", "Float64Array", "FormData", "Function",
    "Headers", "Int16Array", "Int32Array", "Int8Array", "Map", "MessageChannel", "Number", "Object",
    "Promise", "Proxy", "RangeError", "ReferenceError", "RegExp", "Request", "Response", "Set",
    "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TextDecoder", "TextEncoder", "TypeError",
    "URIError", "URL", "URLSearchParams", "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray",
    "WeakMap", "WeakRef", "WeakSet", "WebSocket", "Worker", "XMLHttpRequest", "alert", "atob", "btoa",
    "cancelAnimationFrame", "clearImmediate", "clearInterval", "clearTimeout", "decodeURI",
    "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "eval", "fetch", "isFinite", "isNaN",
    "parseFloat", "parseInt", "queueMicrotask", "requestAnimationFrame", "require", "setImmediate",
    "setInterval", "setTimeout", "structuredClone", "unescape",
];

/// Global objects whose members are called through them (`Math.max`, `console.log`); sorted.
#[rustfmt::skip]
const NAMESPACES: [&str; 31] = [
    "Array", "ArrayBuffer", "Atomics", "BigInt", "Buffer", "Date", "Error", "Intl", "JSON", "Map", "Math",
    "Number", "Object", "Promise", "Proxy", "Reflect", "RegExp", "Set", "String", "Symbol", "URL",
    "WebAssembly", "console", "document", "globalThis", "localStorage", "navigator", "performance",
    "process", "sessionStorage", "window",
];

/// Whether a module specifier names a module of Node.js, with or without `node:`; its submodules (`fs/promises`) are.
pub(in crate::link) fn is_module(specifier: &str) -> bool {
    specifier.starts_with("node:") || MODULES.binary_search(&specifier).is_ok()
}

/// Whether a bare name is a function or constructor of the global object.
pub(in crate::link) fn is_global(name: &str) -> bool {
    GLOBALS.binary_search(&name).is_ok()
}

/// Whether a bare name is a global object with members of its own.
pub(in crate::link) fn is_namespace(name: &str) -> bool {
    NAMESPACES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(MODULES.is_sorted() && GLOBALS.is_sorted() && NAMESPACES.is_sorted());
        assert!(is_module("fs") && is_module("node:test") && is_module("fs/promises") && !is_module("react"));
        assert!(is_global("parseInt") && is_namespace("Math"));
    }
}
