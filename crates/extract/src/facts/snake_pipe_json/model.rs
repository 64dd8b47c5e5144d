//! The objects as the producer writes them.

use serde::Deserialize;

use super::listing::listing;

/// A source file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JavaFile {
    pub(super) file_path: String,
    #[serde(default, deserialize_with = "listing")]
    pub(super) imports: Vec<String>,
    #[serde(default)]
    pub(super) classes: Vec<JavaClass>,
}

/// A class or interface.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JavaClass {
    pub(super) name: String,
    pub(super) qualified_name: Option<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) modifiers: Vec<String>,
    pub(super) is_interface: bool,
    #[serde(deserialize_with = "listing")]
    pub(super) extends_list: Vec<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) implements_list: Vec<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) annotations: Vec<String>,
    pub(super) comment: Option<String>,
    pub(super) is_abstract: bool,
    pub(super) is_final: bool,
    pub(super) is_static: bool,
    pub(super) is_inner: bool,
    #[serde(deserialize_with = "listing")]
    pub(super) type_parameters: Vec<String>,
    pub(super) fields: Vec<JavaField>,
    pub(super) constructors: Vec<JavaMethod>,
    pub(super) methods: Vec<JavaMethod>,
}

/// A field.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JavaField {
    pub(super) name: String,
    pub(super) declared_type: Option<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) modifiers: Vec<String>,
    pub(super) visibility: Option<String>,
    pub(super) is_static: bool,
    pub(super) is_final: bool,
}

/// A method or constructor.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JavaMethod {
    pub(super) name: String,
    pub(super) qualified_name: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) return_type: Option<String>,
    pub(super) resolved_return_type: Option<String>,
    pub(super) parameters: Vec<String>,
    pub(super) parameter_types: Vec<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) modifiers: Vec<String>,
    #[serde(deserialize_with = "listing")]
    pub(super) annotations: Vec<String>,
    pub(super) comment: Option<String>,
    pub(super) body: Option<String>,
    pub(super) symbol_id: Option<String>,
    pub(super) visibility: Option<String>,
    pub(super) is_abstract: bool,
    pub(super) is_static: bool,
    #[serde(deserialize_with = "listing")]
    pub(super) control_flow_statements: Vec<String>,
    pub(super) method_calls: Vec<JavaCall>,
    pub(super) cyclomatic_complexity: Option<u32>,
    pub(super) total_lines: Option<u32>,
    pub(super) code_lines: Option<u32>,
    pub(super) comment_lines: Option<u32>,
    pub(super) blank_lines: Option<u32>,
}

/// A call within a method.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JavaCall {
    pub(super) method_name: String,
    pub(super) source_code: Option<String>,
    pub(super) resolved_method: Option<String>,
    pub(super) arguments: Vec<String>,
}
