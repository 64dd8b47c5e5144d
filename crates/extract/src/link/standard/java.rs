//! Names of Java's standard library.

/// The types of package `java.lang` of Java SE 21; sorted.
#[rustfmt::skip]
const LANG: [&str; 105] = [
    "AbstractMethodError", "Appendable", "ArithmeticException", "ArrayIndexOutOfBoundsException",
    "ArrayStoreException", "AssertionError", "AutoCloseable", "Boolean", "BootstrapMethodError", "Byte",
    "CharSequence", "Character", "Class", "ClassCastException", "ClassCircularityError", "ClassFormatError",
    "ClassLoader", "ClassNotFoundException", "ClassValue", "CloneNotSupportedException", "Cloneable",
    "Comparable", "Deprecated", "Double", "Enum", "EnumConstantNotPresentException", "Error", "Exception",
    "ExceptionInInitializerError", "Float", "FunctionalInterface", "IllegalAccessError",
    "IllegalAccessException", "IllegalArgumentException", "IllegalCallerException",
    "IllegalMonitorStateException", "IllegalStateException", "IllegalThreadStateException",
    "IncompatibleClassChangeError", "IndexOutOfBoundsException", "InheritableThreadLocal",
    "InstantiationError", "InstantiationException", "Integer", "InternalError", "InterruptedException",
    "Iterable", "LayerInstantiationException", "LinkageError", "Long", "MatchException", "Math", "Module",
    "ModuleLayer", "NegativeArraySizeException", "NoClassDefFoundError", "NoSuchFieldError",
    "NoSuchFieldException", "NoSuchMethodError", "NoSuchMethodException", "NullPointerException", "Number",
    "NumberFormatException", "Object", "OutOfMemoryError", "Override", "Package", "Process",
    "ProcessBuilder", "ProcessHandle", "Readable", "Record", "ReflectiveOperationException", "Runnable",
    "Runtime", "RuntimeException", "RuntimePermission", "SafeVarargs", "SecurityException",
    "SecurityManager", "Short", "StackOverflowError", "StackTraceElement", "StackWalker", "StrictMath",
    "String", "StringBuffer", "StringBuilder", "StringIndexOutOfBoundsException", "SuppressWarnings",
    "System", "Thread", "ThreadDeath", "ThreadGroup", "ThreadLocal", "Throwable", "TypeNotPresentException",
    "UnknownError", "UnsatisfiedLinkError", "UnsupportedClassVersionError", "UnsupportedOperationException",
    "VerifyError", "VirtualMachineError", "Void", "WrongThreadException",
];

/// Packages of the JDK 21, each with all below it; sorted. Of `javax` only those parts that the JDK ships: others, such
/// as `javax.inject` and `javax.servlet`, come from elsewhere.
#[rustfmt::skip]
const PACKAGES: [&str; 43] = [
    "com.sun.management", "com.sun.net.httpserver", "com.sun.nio", "com.sun.security", "com.sun.source",
    "com.sun.tools", "java", "javax.accessibility", "javax.annotation.processing", "javax.crypto",
    "javax.imageio", "javax.lang.model", "javax.management", "javax.naming", "javax.net", "javax.print",
    "javax.rmi.ssl", "javax.script", "javax.security.auth", "javax.security.cert", "javax.security.sasl",
    "javax.smartcardio", "javax.sound", "javax.sql", "javax.swing", "javax.tools", "javax.transaction.xa",
    "javax.xml.XMLConstants", "javax.xml.catalog", "javax.xml.crypto", "javax.xml.datatype",
    "javax.xml.namespace", "javax.xml.parsers", "javax.xml.stream", "javax.xml.transform",
    "javax.xml.validation", "javax.xml.xpath", "jdk", "netscape.javascript", "org.ietf.jgss", "org.w3c.dom",
    "org.xml.sax", "sun",
];

/// Whether a simple name is a type of `java.lang`.
pub(in crate::link) fn is_lang(name: &str) -> bool {
    LANG.binary_search(&name).is_ok()
}

/// Whether a qualified name is that of a package or type of the JDK.
pub(in crate::link) fn is_qualified(name: &str) -> bool {
    PACKAGES.iter().any(|package| {
        name.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(LANG.is_sorted() && PACKAGES.is_sorted());
        assert!(is_lang("String") && !is_lang("List"));
        assert!(is_qualified("java.util.List") && is_qualified("javax.sql.DataSource"));
        assert!(!is_qualified("javax.inject.Inject") && !is_qualified("javafoo.Bar"));
    }
}
