//! Which definitions are seen, called and overriding, language by language.

use snake_pipe_core::Language;

use crate::{engine::testing::parse_text, languages::LANGUAGES};

/// The functions for which a flag is set, then the classes, by qualified name.
fn flagged(language: Language, source: &str, flag: &str) -> Vec<String> {
    assert!(LANGUAGES.iter().any(|rules| rules.language == language));
    let facts = parse_text(language, source).facts;
    let functions = facts.functions.iter().filter(|function| match flag {
        "exported" => function.is_exported,
        "entry point" => function.is_entry_point,
        _ => function.is_override,
    });
    let classes = facts.classes.iter().filter(|class| flag == "exported" && class.is_exported);
    let functions = functions.map(|function| function.qualified_name.clone());
    functions.chain(classes.map(|class| class.qualified_name.clone())).collect()
}

fn exported(language: Language, source: &str) -> Vec<String> {
    flagged(language, source, "exported")
}

fn entry_points(language: Language, source: &str) -> Vec<String> {
    flagged(language, source, "entry point")
}

fn overrides(language: Language, source: &str) -> Vec<String> {
    flagged(language, source, "override")
}

#[test]
fn a_python_module_offers_what_begins_without_an_underscore() {
    let source = "
def f(): pass
def _g(): pass
class C:
    def m(self):
        def inner(): pass
    def _n(self): pass
    def __len__(self): pass
class _D:
    def m(self): pass
";
    assert_eq!(exported(Language::Python, source), ["f", "C.m", "C.__len__", "C"]);
}

#[test]
fn a_python_module_with_a_list_offers_what_is_on_it() {
    let source = "
__all__ = ['_g', 'C']
__all__ += ('h',)
def f(): pass
def _g(): pass
def h(): pass
class C:
    def m(self): pass
class D: pass
";
    assert_eq!(exported(Language::Python, source), ["_g", "h", "C.m", "C"]);
    let computed = "__all__ = [n for n in dir()]\ndef f(): pass\ndef _g(): pass\n";
    assert_eq!(exported(Language::Python, computed), ["f"]);
}

#[test]
fn entry_points_of_python() {
    let source = "
def main(): pass
@app.route('/')
def index(): pass
@router.get('/x')
def x(): pass
@click.command()
def cli(): pass
@get('/x')
def no(): pass
class C:
    def main(self): pass
    @override
    def m(self): pass
";
    assert_eq!(entry_points(Language::Python, source), ["main", "index", "x", "cli"]);
    assert_eq!(overrides(Language::Python, source), ["C.m"]);
}

#[test]
fn a_javascript_module_exports_what_it_says() {
    let source = "
export function f() {}
function g() {}
function h() {}
export { h as other };
export default class C { m() {} #p() {} }
class D { m() {} }
";
    assert_eq!(exported(Language::JavaScript, source), ["f", "h", "C.m", "C"]);
    let common = "
function f() {}
function g() {}
exports.h = function () {};
module.exports = { f };
";
    assert_eq!(exported(Language::JavaScript, common), ["f", "h"]);
}

#[test]
fn typescript_says_overrides_and_its_frameworks_handlers() {
    let source = "
export class C extends B {
    override m() {}
    @Get('/x') handler() {}
    private p() {}
}
";
    assert_eq!(exported(Language::TypeScript, source), ["C.m", "C.handler", "C"]);
    assert_eq!(overrides(Language::TypeScript, source), ["C.m"]);
    assert_eq!(entry_points(Language::TypeScript, source), ["C.handler"]);
}

#[test]
fn java_sees_public_members_of_public_classes() {
    let source = "
public class A extends B {
    public void m() {}
    void internal() {}
    @Override public String toString() { return null; }
    public static void main(String[] args) {}
    public static void main(int other) {}
    private void readObject(ObjectInputStream in) {}
    @GetMapping(\"/x\") public String x() { return null; }
}
class Hidden { public void m() {} }
";
    assert_eq!(exported(Language::Java, source), ["A.m", "A.toString", "A.main", "A.main", "A.x", "A"]);
    assert_eq!(entry_points(Language::Java, source), ["A.main", "A.readObject", "A.x"]);
    assert_eq!(overrides(Language::Java, source), ["A.toString"]);
}

#[test]
fn kotlin_sees_everything_that_is_not_said_to_be_hidden() {
    let source = "
fun main() {}
private fun p() {}
class A : B() {
    override fun m() {}
    internal fun i() {}
}
private class H {
    fun m() {}
}
";
    assert_eq!(exported(Language::Kotlin, source), ["main", "A.m", "A"]);
    assert_eq!(entry_points(Language::Kotlin, source), ["main"]);
    assert_eq!(overrides(Language::Kotlin, source), ["A.m"]);
}

#[test]
fn scala_begins_with_main_of_an_object_or_of_an_annotation() {
    let source = "
object App {
  def main(args: Array[String]): Unit = {}
  private def p(): Unit = {}
}
class A extends B {
  def main(args: Array[String]): Unit = {}
  override def m(): Int = 1
}
";
    assert_eq!(exported(Language::Scala, source), ["App.main", "A.main", "A.m", "App", "A"]);
    assert_eq!(entry_points(Language::Scala, source), ["App.main"]);
    assert_eq!(overrides(Language::Scala, source), ["A.m"]);
    assert_eq!(entry_points(Language::Scala, "@main def run(): Unit = {}\n"), ["run"]);
}

#[test]
fn csharp_sees_public_members_of_public_classes() {
    let source = "
public class A : B {
    public void M() {}
    internal void I() {}
    protected override void O() {}
    static async Task<int> Main(string[] args) { return 0; }
    [HttpGet(\"/x\")] public int X() { return 0; }
}
class Hidden { public void M() {} void Main() {} }
";
    assert_eq!(exported(Language::CSharp, source), ["A.M", "A.X", "A"]);
    assert_eq!(entry_points(Language::CSharp, source), ["A.Main", "A.X"]);
    assert_eq!(overrides(Language::CSharp, source), ["A.O"]);
}

#[test]
fn go_exports_capitals_whatever_their_type_is_called() {
    let source = "package main
func main() {}
func init() {}
func F() {}
func g() {}
type t struct{}
func (t) M() {}
func (t) n() {}
type T struct{}
";
    assert_eq!(exported(Language::Go, source), ["main.F", "main.t.M", "main.T"]);
    assert_eq!(entry_points(Language::Go, source), ["main.main", "main.init"]);
    assert_eq!(entry_points(Language::Go, "package other\nfunc main() {}\nfunc init() {}\n"), ["other.init"]);
}

#[test]
fn rust_exports_what_is_pub_and_overrides_where_a_trait_is_implemented() {
    let source = "
pub fn f() {}
pub(crate) fn g() {}
#[no_mangle] extern \"C\" fn c() {}
pub struct S;
impl S { pub fn m(&self) {} fn p(&self) {} }
impl Clone for S { fn clone(&self) -> S { S } }
struct H;
impl H { pub fn m(&self) {} }
";
    assert_eq!(exported(Language::Rust, source), ["f", "c", "S::m", "S::clone", "S"]);
    assert_eq!(overrides(Language::Rust, source), ["S::clone"]);
    let program = "fn main() {}\nmod m { fn main() {} }\n#[get(\"/\")] fn index() {}\n#[test] fn t() {}\n";
    assert_eq!(entry_points(Language::Rust, program), ["main", "index"]);
    assert_eq!(entry_points(Language::Rust, "#[tokio::main]\nasync fn start() {}\n"), ["start"]);
}

#[test]
fn c_exports_what_has_external_linkage_and_hands_functions_to_the_kernel() {
    let source = "
static int __init start(void) { return 0; }
module_init(start);
static int setup(char *s) { return 1; }
__setup(\"x=\", setup);
static void p(void) {}
int f(void) { p(); return 0; }
int main(int argc, char **argv) { return 0; }
struct s { int a; };
__attribute__((constructor)) static void first(void) {}
PyObject *PyInit_x(void) { return 0; }
#define M(a) a
";
    assert_eq!(exported(Language::C, source), ["f", "main", "PyInit_x", "s"]);
    assert_eq!(entry_points(Language::C, source), ["start", "setup", "main", "first", "PyInit_x"]);
}

#[test]
fn cpp_hides_unnamed_namespaces_and_private_members() {
    let source = "
namespace { void hidden() {} struct H { void m() {} }; }
namespace n {
void f() {}
static void p() {}
class A : public B {
public:
  void m() override {}
private:
  void q() {}
};
void A::late() {}
}
";
    assert_eq!(exported(Language::Cpp, source), ["n::f", "n::A::m", "n::A::late", "n::A"]);
    assert_eq!(overrides(Language::Cpp, source), ["n::A::m"]);
}
