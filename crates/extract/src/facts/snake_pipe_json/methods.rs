//! The methods of a file by the names that the producer calls them by.

use rustc_hash::FxHashMap;

use super::model::JavaMethod;

/// The file's methods, by what a call's `resolvedMethod` may say of them.
///
/// That is the qualified name with the qualified types of the parameters, `Till.load(java.sql.ResultSet)`. The producer's
/// own name for a method, its `symbolId`, has the types as the source writes them, `Till.load(ResultSet)`, and may be
/// missing: it is asked second.
#[derive(Default)]
pub(super) struct Methods {
    by_types: Index,
    by_symbol: Index,
}

/// Where methods share a name, none of them is known by it.
type Index = FxHashMap<String, Option<u32>>;

impl Methods {
    /// Adds the method of this index, a member of the class of this qualified name.
    pub(super) fn add(&mut self, index: u32, class_name: &str, method: &JavaMethod) {
        // Without the type of every parameter an overload would be taken for another.
        if method.parameter_types.len() >= method.parameters.len() {
            let name = match &method.qualified_name {
                Some(name) => name.clone(),
                None => format!("{class_name}.{}", method.name),
            };
            add(&mut self.by_types, format!("{name}({})", method.parameter_types.join(",")), index);
        }
        if let Some(symbol) = &method.symbol_id {
            add(&mut self.by_symbol, symbol.clone(), index);
        }
    }

    /// The index of the method that a call is resolved to; none if it is not of this file.
    pub(super) fn get(&self, resolved: &str) -> Option<u32> {
        let name = normal(resolved);
        self.by_types.get(&name).or_else(|| self.by_symbol.get(&name)).copied().flatten()
    }
}

fn add(index: &mut Index, name: String, method: u32) {
    index.entry(normal(&name)).and_modify(|held| *held = None).or_insert(Some(method));
}

/// The name without white space, and with a variable number of arguments as the array that it is.
fn normal(name: &str) -> String {
    name.split_whitespace().collect::<String>().replace("...", "[]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(name: &str, types: &[&str], symbol: Option<&str>) -> JavaMethod {
        JavaMethod {
            name: name.to_owned(),
            parameters: types.iter().map(|_| "p".to_owned()).collect(),
            parameter_types: types.iter().map(|name| (*name).to_owned()).collect(),
            symbol_id: symbol.map(str::to_owned),
            ..JavaMethod::default()
        }
    }

    #[test]
    fn a_method_is_found_by_the_qualified_types_of_its_parameters() {
        let mut methods = Methods::default();
        methods.add(0, "a.T", &method("f", &["java.sql.ResultSet"], Some("a.T.f(ResultSet)")));
        methods.add(1, "a.T", &method("f", &["int", "java.lang.String..."], None));
        methods.add(2, "a.T", &method("T", &[], None));
        assert_eq!(methods.get("a.T.f(java.sql.ResultSet)"), Some(0));
        assert_eq!(methods.get("a.T.f(ResultSet)"), Some(0));
        assert_eq!(methods.get("a.T.f(int, java.lang.String[])"), Some(1));
        assert_eq!(methods.get("a.T.T()"), Some(2));
        assert_eq!(methods.get("a.T.f(long)"), None);
        assert_eq!(methods.get("b.T.T()"), None);
    }

    #[test]
    fn a_name_that_two_methods_share_is_that_of_none() {
        let mut methods = Methods::default();
        methods.add(0, "T", &method("f", &["a.Row"], Some("T.f(Row)")));
        methods.add(1, "T", &method("f", &["b.Row"], Some("T.f(Row)")));
        assert_eq!(methods.get("T.f(Row)"), None);
        assert_eq!(methods.get("T.f(b.Row)"), Some(1));
    }

    #[test]
    fn a_method_whose_types_are_not_known_is_found_by_its_symbol_alone() {
        let mut methods = Methods::default();
        let untyped = JavaMethod { parameter_types: Vec::new(), ..method("f", &["int"], Some("T.f(int)")) };
        methods.add(0, "T", &untyped);
        assert_eq!(methods.get("T.f()"), None);
        assert_eq!(methods.get("T.f(int)"), Some(0));
    }
}
