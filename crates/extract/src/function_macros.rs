//! Macros whose use, followed by a block, defines a function, by a table that users extend.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{Error, ErrorKind, Result};

/// A macro of C or C++ whose use, followed by a block, defines a function: `SYSCALL_DEFINE3(read, unsigned int, fd, …) { … }`
/// defines `sys_read`.
///
/// Written `MACRO=function`: `SYSCALL_DEFINE#=long sys_{1}`, `PHP_METHOD=void zim_{1}_{2}`, `ISR=void {1}`. `{1}` stands for the
/// macro's first argument, up to `{9}`; what stands before the last word is the return type, and may be missing. Of the arguments
/// that the name does not use each declares a parameter (`int a`); where the macro's name ends with `#`, which stands for
/// digits, two do, as in the Linux kernel (`int, a`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionMacro {
    name: String,
    is_numbered: bool,
    return_type: Option<String>,
    function: String,
}

/// Those of the Linux kernel, which are always known.
static BUILT_IN: LazyLock<Vec<FunctionMacro>> = LazyLock::new(|| {
    ["SYSCALL_DEFINE#=long sys_{1}", "COMPAT_SYSCALL_DEFINE#=long compat_sys_{1}", "BPF_CALL_#=u64 {1}"]
        .map(|text| text.parse().expect("a macro of this table is written as the documentation says"))
        .into()
});

impl FunctionMacro {
    /// The macro of this name: one of `macros`, else one that is always known.
    pub(crate) fn find<'a>(macros: &'a [Self], name: &[u8]) -> Option<&'a Self> {
        macros.iter().chain(BUILT_IN.iter()).find(|known| known.bears(name))
    }

    /// Whether a macro in the source bears the name.
    fn bears(&self, name: &[u8]) -> bool {
        match name.strip_prefix(self.name.as_bytes()) {
            Some(b"") => !self.is_numbered,
            Some(digits) => self.is_numbered && digits.iter().all(u8::is_ascii_digit),
            None => false,
        }
    }

    /// What the function returns.
    pub(crate) fn return_type(&self) -> Option<&str> {
        self.return_type.as_deref()
    }

    /// The function's name and its parameters, each a type and a name apart or a whole declaration; none where an argument that
    /// the name is made of is missing.
    pub(crate) fn define<'a>(&self, arguments: &'a str) -> Option<(String, Vec<Vec<&'a str>>)> {
        let mut arguments: Vec<Option<&str>> = divided(arguments).into_iter().map(Some).collect();
        let mut name = self.function.clone();
        for number in 1..=9_usize {
            let placeholder = format!("{{{number}}}");
            if name.contains(&placeholder) {
                let argument =
                    arguments.get_mut(number - 1)?.take().filter(|argument| !argument.is_empty())?;
                name = name.replace(&placeholder, argument);
            }
        }
        let rest: Vec<&str> =
            arguments.into_iter().flatten().filter(|argument| !argument.is_empty()).collect();
        let parameters = rest.chunks_exact(if self.is_numbered { 2 } else { 1 }).map(<[&str]>::to_vec);
        Some((name, parameters.collect()))
    }
}

/// The arguments between the parentheses of a macro.
fn divided(arguments: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0_u32, 0);
    let mut parts = Vec::new();
    for (place, byte) in arguments.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(arguments[start..place].trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[start..].trim());
    parts
}

impl FromStr for FunctionMacro {
    type Err = Error;

    /// # Errors
    /// `Configuration` where the text is not of the form `MACRO=function`.
    fn from_str(text: &str) -> Result<Self> {
        let refused = || {
            Error::new(ErrorKind::Configuration, format!("`{text}` names no macro that defines functions"))
                .with_help("write it as `SYSCALL_DEFINE#=long sys_{1}`: `#` for digits, `{1}` for the first argument")
        };
        let (name, definition) = text.split_once('=').ok_or_else(refused)?;
        let name = name.trim();
        let (name, is_numbered) = name.strip_suffix('#').map_or((name, false), |name| (name, true));
        let definition = definition.trim();
        let start = definition
            .rfind(|character: char| !is_part_of_name(character))
            .map_or(0, |place| place + definition[place..].chars().next().map_or(1, char::len_utf8));
        let (return_type, function) = definition.split_at(start);
        let is_name = |name: &str| {
            name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_')
                && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        let written =
            (1..=9).fold(function.to_owned(), |name, number| name.replace(&format!("{{{number}}}"), "_"));
        if !is_name(name) || !written.split("::").all(is_name) {
            return Err(refused());
        }
        let return_type = Some(return_type.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self { name: name.to_owned(), is_numbered, return_type, function: function.to_owned() })
    }
}

fn is_part_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':' | '{' | '}')
}

impl fmt::Display for FunctionMacro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = if self.is_numbered { "#" } else { "" };
        write!(f, "{}{number}=", self.name)?;
        if let Some(return_type) = &self.return_type {
            write!(f, "{return_type} ")?;
        }
        f.write_str(&self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn macros(texts: &[&str]) -> Vec<FunctionMacro> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_macro_is_read_as_it_is_written() {
        for text in
            ["SYSCALL_DEFINE#=long sys_{1}", "ISR={1}", "M=struct a * n::f_{1}_{2}", "main_of=int main"]
        {
            assert_eq!(text.parse::<FunctionMacro>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_macro_is_refused_with_the_form_it_should_have() {
        for text in ["", "ISR", "=f", "ISR=", "I SR=f", "ISR=f_{0}", "ISR=f_{x}", "#=f", "ISR=f(x)"] {
            let error = text.parse::<FunctionMacro>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
            assert!(error.help().unwrap().contains("SYSCALL_DEFINE#=long sys_{1}"));
        }
    }

    #[test]
    fn macros_are_found_by_name_and_number_those_of_users_first() {
        let macros = macros(&["ISR=void {1}", "SYSCALL_DEFINE#=int my_{1}"]);
        let found = |name: &str| FunctionMacro::find(&macros, name.as_bytes()).map(ToString::to_string);
        assert_eq!(found("ISR").as_deref(), Some("ISR=void {1}"));
        assert_eq!(found("SYSCALL_DEFINE2").as_deref(), Some("SYSCALL_DEFINE#=int my_{1}"));
        assert_eq!(found("BPF_CALL_5").as_deref(), Some("BPF_CALL_#=u64 {1}"));
        for name in ["ISR1", "IS", "SYSCALL_DEFINE", "SYSCALL_DEFINEx", "BPF_CALL_"] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn arguments_give_the_name_and_the_parameters() {
        let macros = macros(&["M#=sys_{1}", "N={2}_{1}"]);
        assert_eq!(
            macros[0].define("open, int, fd, void (*)(int, int), f"),
            Some(("sys_open".to_owned(), vec![vec!["int", "fd"], vec!["void (*)(int, int)", "f"]]))
        );
        assert_eq!(macros[1].define("a, b, int c"), Some(("b_a".to_owned(), vec![vec!["int c"]])));
        assert_eq!(macros[1].define("a"), None);
        assert_eq!(macros[0].define(""), None);
    }
}
