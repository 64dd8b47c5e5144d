//! Names of the standard libraries of Kotlin and Scala.

use super::java;

/// Types and functions of the packages that every file of Kotlin imports (`kotlin`, `kotlin.collections`, …); sorted.
#[rustfmt::skip]
const KOTLIN: [&str; 115] = [
    "Any", "Array", "ArrayList", "Boolean", "BooleanArray", "Byte", "ByteArray", "Char", "CharArray",
    "CharSequence", "Collection", "Comparable", "Comparator", "Double", "Enum", "Error", "Exception",
    "Float", "Function", "HashMap", "HashSet", "IllegalArgumentException", "IllegalStateException",
    "IndexOutOfBoundsException", "Int", "IntArray", "Iterable", "Iterator", "Lazy", "LinkedHashMap",
    "LinkedHashSet", "List", "Long", "LongArray", "Map", "MutableCollection", "MutableIterable",
    "MutableList", "MutableMap", "MutableSet", "NoSuchElementException", "Nothing",
    "NullPointerException", "Number", "NumberFormatException", "Pair", "Result", "RuntimeException",
    "Sequence", "Set", "Short", "String", "StringBuilder", "TODO", "Throwable", "Triple", "UInt", "ULong",
    "Unit", "UnsupportedOperationException", "arrayOf", "arrayOfNulls", "assert", "booleanArrayOf",
    "buildList", "buildMap", "buildSet", "buildString", "byteArrayOf", "charArrayOf", "check",
    "checkNotNull", "doubleArrayOf", "emptyArray", "emptyList", "emptyMap", "emptySet", "enumValueOf",
    "enumValues", "error", "floatArrayOf", "generateSequence", "hashMapOf", "hashSetOf", "intArrayOf",
    "lazy", "lazyOf", "linkedMapOf", "linkedSetOf", "listOf", "listOfNotNull", "longArrayOf", "mapOf",
    "maxOf", "minOf", "mutableListOf", "mutableMapOf", "mutableSetOf", "print", "println", "readLine",
    "readln", "repeat", "require", "requireNotNull", "runCatching", "sequence", "sequenceOf", "setOf",
    "shortArrayOf", "sortedMapOf", "sortedSetOf", "synchronized", "to", "with",
];

/// Members of `scala`, `scala.Predef` and `java.lang` that every file of Scala sees; sorted.
#[rustfmt::skip]
const SCALA: [&str; 77] = [
    "Any", "AnyRef", "AnyVal", "App", "Array", "ArrowAssoc", "BigDecimal", "BigInt", "Boolean", "Byte",
    "Char", "ClassCastException", "Double", "Either", "Equiv", "Error", "Exception", "Float",
    "Fractional", "Function", "Function0", "Function1", "Function2", "IllegalArgumentException",
    "IndexOutOfBoundsException", "IndexedSeq", "Int", "Integral", "Iterable", "Iterator", "LazyList",
    "Left", "List", "Long", "Map", "Matchable", "NoSuchElementException", "None", "Nothing", "Null",
    "NullPointerException", "NumberFormatException", "Numeric", "Option", "Ordered", "Ordering",
    "PartialFunction", "Product", "Range", "Right", "RuntimeException", "Seq", "Serializable", "Set",
    "Short", "Some", "Stream", "String", "StringBuilder", "StringContext", "Symbol", "Throwable",
    "Tuple2", "Unit", "UnsupportedOperationException", "Vector", "assert", "assume", "classOf",
    "identity", "implicitly", "locally", "print", "printf", "println", "require", "summon",
];

/// Whether a qualified name is one of Kotlin's standard library, or of the JDK. `kotlinx` are libraries of their own.
pub(in crate::link) fn is_kotlin(name: &str) -> bool {
    name == "kotlin" || name.starts_with("kotlin.") || java::is_qualified(name)
}

/// Whether a bare name is one of Kotlin's default imports.
pub(in crate::link) fn is_kotlin_default(name: &str) -> bool {
    KOTLIN.binary_search(&name).is_ok() || java::is_lang(name)
}

/// Whether a qualified name is one of Scala's standard library, or of the JDK.
pub(in crate::link) fn is_scala(name: &str) -> bool {
    name == "scala" || name.starts_with("scala.") || java::is_qualified(name)
}

/// Whether a bare name is seen in every file of Scala.
pub(in crate::link) fn is_scala_default(name: &str) -> bool {
    SCALA.binary_search(&name).is_ok() || java::is_lang(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(KOTLIN.is_sorted() && SCALA.is_sorted());
        assert!(
            is_kotlin("kotlin.math.max") && is_kotlin("java.util.List") && !is_kotlin("kotlinx.coroutines")
        );
        assert!(is_kotlin_default("listOf") && is_scala_default("println") && !is_scala_default("listOf"));
    }
}
