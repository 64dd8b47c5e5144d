// What Go's own parser says about Go files: one JSON object a file on standard output.
//
// Argument: the root of a tree; every `*.go` below it is read. The form of an object is described in
// crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter: everything comes from go/ast. Run with `go run facts.go
// ROOT`, Go 1.18 or newer.
//
// `f[i](x)` calls what an index finds or what type arguments make of `f`: only a type checker knows. Where the index is not
// certain to be a type, the place of `f` is said to be blind.
package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const scope = `{"function":["kind","is_abstract","return_type"],"class":["kind"],"parameter":["kind","annotation"],"base":["text"],"import":["kind","alias","is_relative"],"call":["kind","text","function","arguments"]}`

type fact struct {
	Kind          string            `json:"kind"`
	At            []int             `json:"at"`
	Name          string            `json:"name"`
	QualifiedName string            `json:"qualified_name"`
	Attributes    map[string]string `json:"attributes"`
}

type line struct {
	Path  string  `json:"path"`
	Error string  `json:"error,omitempty"`
	Facts []fact  `json:"facts"`
	Blind [][]int `json:"blind"`
}

func main() {
	root := os.Args[1]
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	out.WriteString(scope + "\n")
	var files []string
	check(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return err
	}))
	sort.Strings(files)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, path := range files {
		relative, err := filepath.Rel(root, path)
		check(err)
		source, err := os.ReadFile(path)
		check(err)
		check(encoder.Encode(read(filepath.ToSlash(relative), source)))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func read(path string, source []byte) line {
	if !utf8.Valid(source) {
		return line{Path: path, Error: "not UTF-8"}
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, 0)
	if err != nil {
		return line{Path: path, Error: err.Error()}
	}
	j := &judge{files: files, source: source, scopes: []open{{name: file.Name.Name}}, packages: map[string]bool{}, classes: map[string]bool{}}
	j.imports(file)
	for _, declaration := range file.Decls {
		j.visit(declaration)
	}
	for _, index := range j.bareCalls {
		if j.classes[j.facts[index].Name] {
			j.facts[index].Attributes["kind"] = "constructor"
		}
	}
	return line{Path: path, Facts: j.facts, Blind: j.blind}
}

// What is open: the package, a function, a type.
type open struct {
	name       string
	isFunction bool
}

type judge struct {
	files     *token.FileSet
	source    []byte
	facts     []fact
	blind     [][]int
	scopes    []open
	packages  map[string]bool
	classes   map[string]bool
	bareCalls []int
}

func (j *judge) place(at token.Pos) []int {
	position := j.files.PositionFor(at, false)
	return []int{position.Line, position.Column}
}

func (j *judge) text(from, to token.Pos) string {
	first, last := j.files.PositionFor(from, false).Offset, j.files.PositionFor(to, false).Offset
	return strings.Join(strings.Fields(string(j.source[first:last])), " ")
}

func (j *judge) of(node ast.Node) string { return j.text(node.Pos(), node.End()) }

func (j *judge) add(kind string, at []int, name, qualified string, attributes ...string) {
	said := map[string]string{}
	for index := 0; index < len(attributes); index += 2 {
		if attributes[index+1] != "" {
			said[attributes[index]] = attributes[index+1]
		}
	}
	j.facts = append(j.facts, fact{kind, at, name, qualified, said})
}

func (j *judge) around() string {
	names := make([]string, len(j.scopes))
	for index, scope := range j.scopes {
		names[index] = scope.name
	}
	return strings.Join(names, ".")
}

func (j *judge) inside(name string, isFunction bool, visit func()) {
	j.scopes = append(j.scopes, open{name, isFunction})
	visit()
	j.scopes = j.scopes[:len(j.scopes)-1]
}

// Imports.

func (j *judge) imports(file *ast.File) {
	for _, each := range file.Imports {
		path := strings.Trim(each.Path.Value, "\"`")
		kind, alias := "module", ""
		if each.Name != nil {
			alias = each.Name.Name
		}
		if alias == "." {
			kind, alias = "wildcard", ""
		} else if alias != "" {
			j.packages[alias] = true
		} else {
			j.packages[packageName(path)] = true
		}
		relative := ""
		if strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") {
			relative = "true"
		}
		j.add("import", j.place(each.Path.Pos()), "", path, "kind", kind, "alias", alias, "is_relative", relative)
	}
}

// What a package is taken to be called: the last part of its path that is no version.
func packageName(path string) string {
	isVersion := func(part string) bool {
		_, err := strconv.ParseUint(strings.TrimPrefix(part, "v"), 10, 64)
		return strings.HasPrefix(part, "v") && err == nil
	}
	parts := strings.Split(path, "/")
	last := path
	for index := len(parts) - 1; index >= 0; index-- {
		if !isVersion(parts[index]) {
			last = parts[index]
			break
		}
	}
	if dot := strings.LastIndex(last, "."); dot >= 0 && isVersion(last[dot+1:]) {
		return last[:dot]
	}
	return strings.TrimPrefix(last, "go-")
}

// Definitions.

// visit goes through everything in a node that is not a definition itself.
func (j *judge) visit(node ast.Node) {
	ast.Inspect(node, func(each ast.Node) bool {
		switch each := each.(type) {
		case *ast.FuncDecl:
			j.function(each)
		case *ast.GenDecl:
			return j.types(each)
		case *ast.AssignStmt:
			return j.bound(each.Lhs, each.Rhs, each.Lhs)
		case *ast.ValueSpec:
			names := make([]ast.Expr, len(each.Names))
			for index, name := range each.Names {
				names[index] = name
			}
			var before []ast.Expr
			if each.Type != nil {
				before = []ast.Expr{each.Type}
			}
			return j.bound(names, each.Values, before)
		case *ast.CallExpr:
			j.call(each)
			return true
		default:
			return true
		}
		return false
	})
}

func (j *judge) function(declaration *ast.FuncDecl) {
	name, qualifier, kind := declaration.Name.Name, "", "function"
	var parameters []*ast.Field
	if declaration.Recv != nil {
		kind = "method"
		parameters = declaration.Recv.List
		if len(parameters) > 0 {
			qualifier = j.of(bare(parameters[0].Type))
		}
	}
	visit := func() {
		abstract := ""
		if declaration.Body == nil {
			abstract = "true"
		}
		j.addFunction(declaration, declaration.Name.Name, kind, abstract, declaration.Type, parameters)
		j.inside(name, true, func() {
			j.visit(declaration.Type)
			if declaration.Body != nil {
				j.visit(declaration.Body)
			}
		})
	}
	if qualifier != "" {
		j.inside(qualifier, false, visit)
	} else {
		visit()
	}
}

func (j *judge) addFunction(node ast.Node, name, kind, abstract string, function *ast.FuncType, receivers []*ast.Field) {
	begin := j.place(node.Pos())
	result := ""
	if results := function.Results; results != nil {
		if results.Opening.IsValid() {
			result = j.text(results.Opening, results.Closing+1)
		} else {
			result = j.of(results.List[0].Type)
		}
	}
	at := append(append([]int{}, begin...), j.place(node.End())...)
	j.add("function", at, name, j.around()+"."+name, "kind", kind, "is_abstract", abstract, "return_type", result)
	number := 0
	list := func(fields []*ast.Field, kind string) {
		for _, field := range fields {
			kind, typeName := kind, j.of(field.Type)
			if variadic, is := field.Type.(*ast.Ellipsis); is {
				kind, typeName = "variadic", j.of(variadic.Elt)
			}
			names := []string{""}
			if len(field.Names) > 0 {
				names = nil
				for _, name := range field.Names {
					names = append(names, name.Name)
				}
			}
			for _, name := range names {
				j.add("parameter", append(append([]int{}, begin...), number), name, "", "kind", kind, "annotation", typeName)
				number++
			}
		}
	}
	list(receivers, "receiver")
	list(function.Params.List, "ordinary")
}

// bound visits the values of an assignment; a function literal is a function where it is bound to a name.
func (j *judge) bound(names, values, others []ast.Expr) bool {
	for _, other := range others {
		j.visit(other)
	}
	for index, value := range values {
		literal, isLiteral := value.(*ast.FuncLit)
		if isLiteral && index < len(names) {
			if name, isName := names[index].(*ast.Ident); isName && name.Name != "_" {
				j.addFunction(literal, name.Name, "closure", "", literal.Type, nil)
				j.inside(name.Name, true, func() { j.visit(literal.Type); j.visit(literal.Body) })
				continue
			}
		}
		j.visit(value)
	}
	return false
}

// types says what a declaration of types defines; true where it declares something else.
func (j *judge) types(declaration *ast.GenDecl) bool {
	if declaration.Tok != token.TYPE {
		return declaration.Tok != token.IMPORT
	}
	for _, each := range declaration.Specs {
		spec := each.(*ast.TypeSpec)
		var node ast.Node = spec
		if !declaration.Lparen.IsValid() {
			node = declaration
		}
		j.typeSpec(spec, node)
	}
	return false
}

func (j *judge) typeSpec(spec *ast.TypeSpec, node ast.Node) {
	kind := "class"
	structType, isStruct := spec.Type.(*ast.StructType)
	interfaceType, isInterface := spec.Type.(*ast.InterfaceType)
	switch {
	case spec.Assign.IsValid():
		kind, isStruct, isInterface = "type_alias", false, false
	case isStruct:
		kind = "struct"
	case isInterface:
		kind = "interface"
	}
	begin := j.place(node.Pos())
	name := spec.Name.Name
	j.classes[name] = true
	at := append(append([]int{}, begin...), j.place(node.End())...)
	j.add("class", at, name, j.around()+"."+name, "kind", kind)
	var embedded []ast.Expr
	if isStruct {
		for _, field := range structType.Fields.List {
			if len(field.Names) == 0 {
				base := field.Type
				if pointer, is := base.(*ast.StarExpr); is {
					base = pointer.X
				}
				embedded = append(embedded, base)
			}
		}
	}
	j.inside(name, false, func() {
		if spec.TypeParams != nil {
			j.visit(spec.TypeParams)
		}
		if !isInterface {
			j.visit(spec.Type)
			return
		}
		for _, field := range interfaceType.Methods.List {
			function, isMethod := field.Type.(*ast.FuncType)
			if isMethod && len(field.Names) == 1 {
				j.addFunction(field, field.Names[0].Name, "method", "true", function, nil)
				j.inside(field.Names[0].Name, true, func() { j.visit(function) })
				continue
			}
			switch field.Type.(type) {
			case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr:
				embedded = append(embedded, field.Type)
			}
			j.visit(field.Type)
		}
	})
	for number, base := range embedded {
		j.add("base", append(append([]int{}, begin...), number), j.of(bare(base)), "", "text", j.of(base))
	}
}

// bare gives a type without pointers, parentheses and type arguments.
func bare(typeName ast.Expr) ast.Expr {
	for {
		switch each := typeName.(type) {
		case *ast.StarExpr:
			typeName = each.X
		case *ast.ParenExpr:
			typeName = each.X
		case *ast.IndexExpr:
			typeName = each.X
		case *ast.IndexListExpr:
			typeName = each.X
		default:
			return typeName
		}
	}
}

// Calls.

var predeclared = map[string]bool{}

func init() {
	for _, name := range strings.Fields("any bool byte comparable complex128 complex64 error float32 float64 int int16 int32 int64 int8 rune string uint uint16 uint32 uint64 uint8 uintptr") {
		predeclared[name] = true
	}
}

func (j *judge) call(call *ast.CallExpr) {
	callee := call.Fun
	for {
		inside, is := callee.(*ast.ParenExpr)
		if !is {
			break
		}
		callee = inside.X
	}
	switch generic := callee.(type) {
	case *ast.IndexListExpr:
		callee = generic.X
	case *ast.IndexExpr:
		callee = generic.X
		if !isType(generic.Index) {
			name := nameOf(callee)
			if name != nil {
				j.blind = append(j.blind, append(j.place(name.Pos()), j.place(name.End())...))
			}
			return
		}
	}
	name := nameOf(callee)
	if name == nil {
		return
	}
	kind, text := "function", ""
	if selector, is := callee.(*ast.SelectorExpr); is {
		text = j.of(callee)
		receiver, isName := selector.X.(*ast.Ident)
		if !isName || receiver.Obj != nil || !j.packages[receiver.Name] {
			kind = "method"
		}
	} else if predeclared[name.Name] {
		return
	} else {
		j.bareCalls = append(j.bareCalls, len(j.facts))
	}
	function := ""
	if j.scopes[len(j.scopes)-1].isFunction {
		function = j.around()
	}
	j.add("call", j.place(name.Pos()), name.Name, "", "kind", kind, "text", text, "function", function, "arguments", strconv.Itoa(len(call.Args)))
}

func nameOf(callee ast.Expr) *ast.Ident {
	switch callee := callee.(type) {
	case *ast.Ident:
		return callee
	case *ast.SelectorExpr:
		return callee.Sel
	}
	return nil
}

// isType says whether an index cannot be a value.
func isType(index ast.Expr) bool {
	switch index := index.(type) {
	case *ast.Ident:
		return predeclared[index.Name]
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType, *ast.StructType:
		return true
	}
	return false
}
