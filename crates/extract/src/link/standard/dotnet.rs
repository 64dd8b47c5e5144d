//! Names of .NET's base class library.

/// Namespaces of the library, each with all below it.
const NAMESPACES: [&str; 4] = ["Microsoft.CSharp", "Microsoft.VisualBasic", "Microsoft.Win32", "System"];

/// Whether a qualified name is that of a namespace or type of the library.
pub(in crate::link) fn is_qualified(name: &str) -> bool {
    NAMESPACES.iter().any(|namespace| {
        name.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_qualified;

    #[test]
    fn namespaces_end_with_a_dot() {
        assert!(is_qualified("System.Collections.Generic") && is_qualified("System"));
        assert!(!is_qualified("SystemX") && !is_qualified("Microsoft.Extensions.Logging"));
    }
}
