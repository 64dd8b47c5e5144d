// What Scalameta says about Scala files: one JSON object a file on standard output.
//
// Arguments: the root of a tree, and the folder in which the package `scalameta-parsers` is installed; every `*.scala` below the root is
// read. The form of an object is described in crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter.
//
// What is a function, a class, a call is the documentation's (crates/extract/src/languages/README.md), written anew on this tree. Whether
// `Name(…)` constructs an instance of a class of the same file is a matter of types: there the kind is said to be unknown.

"use strict";

const fs = require("fs");
const path = require("path");

const [root, packages] = process.argv.slice(2);
const { parseSource } = require(path.join(packages, "node_modules", "scalameta-parsers"));

const SCOPE = {
  function: ["kind", "return_type"],
  class: ["kind"],
  parameter: ["kind", "default", "annotation"],
  decorator: ["arguments"],
  base: ["text"],
  import: ["kind", "alias"],
  call: ["kind", "function", "arguments"],
};
const CLASSES = {
  "Defn.Class": "class", "Defn.Trait": "trait", "Defn.Object": "object", "Pkg.Object": "object", "Defn.Enum": "enum",
};
const CLOSURES = ["Term.Function", "Term.PartialFunction"];

class Judge {
  constructor(text) {
    this.text = text;
    this.facts = [];
    // What is open: `{ kind, name }` with kind `package`, `class` or `function`.
    this.scopes = [];
    this.lineStarts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.lineStarts.push(at + 1);
  }

  run(source) {
    this.classNames = new Set();
    collectClasses(source, this.classNames);
    this.children(source);
    return this.facts;
  }

  /** Line and column in bytes, from 1. */
  place(offset) {
    let [low, high] = [0, this.lineStarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return [low + 1, Buffer.byteLength(this.text.slice(this.lineStarts[low], offset)) + 1];
  }

  source(node) {
    return this.text.slice(node.pos.start, node.pos.end).split(/\s+/).join(" ").trim();
  }

  qualified(name) {
    return [...this.scopes.map((scope) => scope.name), name].join(".");
  }

  within(kind, name, action) {
    this.scopes.push({ kind, name });
    action();
    this.scopes.pop();
  }

  add(kind, at, name, attributes, more = {}) {
    const said = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== "" && value != null));
    this.facts.push({ kind, at, name, attributes: said, ...more });
  }

  children(node) {
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) value.forEach((each) => this.visit(each));
      else this.visit(value);
    }
  }

  visit(node) {
    if (!node || typeof node !== "object" || !node.type) return;
    switch (node.type) {
      case "Mod.Annot":
      case "Type.Refine":
        return;
      case "Pkg":
        this.within("package", this.source(node.ref).replace(/ /g, ""), () => this.visit(node.body));
        return;
      case "Defn.Def":
      case "Defn.Macro":
      case "Decl.Def":
        this.declaration(node);
        return;
      case "Ctor.Secondary":
        this.constructorOf(node);
        return;
      case "Defn.Val":
      case "Defn.Var":
        this.value(node);
        return;
      case "Defn.Type":
        this.klass(node, "type_alias");
        return;
      case "Import":
        node.importers.forEach((importer) => this.importer(importer));
        return;
      case "Term.New":
        this.construction(node.init, true);
        return;
      case "Term.NewAnonymous":
        this.anonymous(node);
        return;
      case "Term.Apply":
        this.call(node);
        return;
      case "Term.ApplyInfix":
        this.infix(node);
        return;
    }
    if (CLASSES[node.type]) {
      const isCase = node.mods && node.mods.some((mod) => mod.type === "Mod.Case");
      this.klass(node, node.type === "Defn.Class" && isCase ? "record" : CLASSES[node.type]);
    } else {
      this.children(node);
    }
  }

  /** Where a definition begins: behind its annotations. */
  begin(node) {
    const mods = node.mods || [];
    let start = node.pos.start;
    for (const mod of mods) {
      if (mod.type !== "Mod.Annot") break;
      start = mod.pos.end;
    }
    const blanks = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*/.exec(this.text.slice(start, node.pos.end));
    return start + blanks[0].length;
  }

  span(node) {
    return [...this.place(this.begin(node)), ...this.place(node.pos.end)];
  }

  declaration(node) {
    const name = this.source(node.name);
    const around = this.scopes[this.scopes.length - 1];
    const isMember = around && around.kind === "class";
    const isOperator = !/[\p{L}\p{N}_$`]$/u.test(name.replace(/_=$/, "")) || name.startsWith("unary_") || !/^[\p{L}_$`]/u.test(name);
    let kind = isMember || isOperator ? "method" : "function";
    if (isMember && !isOperator && name.endsWith("_=")) kind = "accessor";
    const at = this.span(node);
    const returned = node.decltpe ? this.source(node.decltpe) : "";
    this.add("function", at, name, { kind, return_type: returned }, { qualified_name: this.qualified(name) });
    const groups = node.paramClauseGroups || [];
    this.parameters(groups.flatMap((group) => group.paramClauses), at);
    this.annotations(node, at);
    this.within("function", name, () => {
      groups.forEach((group) => this.visit(group));
      this.visit(node.body);
    });
  }

  constructorOf(node) {
    const around = this.scopes[this.scopes.length - 1];
    const at = this.span(node);
    this.add("function", at, around.name, { kind: "constructor" }, { qualified_name: this.qualified(around.name) });
    this.parameters(node.paramClauses, at);
    this.annotations(node, at);
    const { init, stats = [] } = node.body || node;
    this.within("function", around.name, () => {
      node.paramClauses.forEach((clause) => this.visit(clause));
      const count = init.argClauses.reduce((sum, clause) => sum + clause.values.length, 0);
      this.addCall(init.pos.start, "this", "constructor", count);
      init.argClauses.forEach((clause) => this.visit(clause));
      stats.forEach((stat) => this.visit(stat));
    });
  }

  /** `val f = x => …` is a function of that name. */
  value(node) {
    const value = node.rhs || node.body;
    const pattern = node.pats.length === 1 && node.pats[0].type === "Pat.Var" ? node.pats[0] : null;
    if (!pattern || !value || !CLOSURES.includes(value.type)) {
      this.children(node);
      return;
    }
    const name = this.source(pattern.name);
    const at = [...this.place(value.pos.start), ...this.place(value.pos.end)];
    this.add("function", at, name, { kind: "closure" }, { qualified_name: this.qualified(name) });
    const clauses = value.type === "Term.Function" ? [value.paramClause] : [];
    this.parameters(clauses.filter(Boolean), at);
    this.within("function", name, () => this.children(value));
  }

  parameters(clauses, [line, column]) {
    clauses.flatMap((clause) => clause.values).forEach((parameter, number) => {
      const type = parameter.decltpe;
      const isRepeated = type && type.type === "Type.Repeated";
      const written = this.source(parameter.name) || "_";
      this.add("parameter", [line, column, number], written, {
        kind: isRepeated ? "variadic" : "ordinary",
        annotation: type ? this.source(isRepeated ? type.tpe : type) : "",
        default: parameter.default ? this.source(parameter.default) : "",
      });
    });
  }

  annotations(node, [line, column]) {
    const all = (node.mods || []).filter((mod) => mod.type === "Mod.Annot");
    all.forEach(({ init }, number) => {
      const texts = init.argClauses.map((clause) => this.source(clause));
      this.add("decorator", [line, column, number], this.source(bare(init.tpe)), { arguments: texts.join("") });
    });
  }

  klass(node, kind) {
    const at = this.span(node);
    const name = this.source(node.name);
    this.add("class", at, name, { kind }, { qualified_name: this.qualified(name) });
    this.annotations(node, at);
    if (kind === "type_alias") return;
    this.bases(node.templ, at);
    node.templ.inits.filter((init) => init.argClauses.length > 0).forEach((init) => this.construction(init, false));
    this.within("class", name, () => {
      this.visit(node.ctor);
      this.children({ ...node.templ, inits: [] });
    });
  }

  bases(template, [line, column]) {
    template.inits.forEach((init, number) => {
      this.add("base", [line, column, number], this.source(bare(init.tpe)), { text: this.source(init.tpe) });
    });
  }

  anonymous(node) {
    const { inits, body } = node.templ;
    if (inits.length > 0) this.construction(inits[0], true);
    inits.slice(1).forEach((init) => init.argClauses.forEach((clause) => this.visit(clause)));
    const at = [...this.place(body.pos.start), ...this.place(body.pos.end)];
    this.add("class", at, "(anonymous)", { kind: "class" }, { qualified_name: this.qualified("(anonymous)") });
    this.bases(node.templ, at);
    this.within("class", "(anonymous)", () => this.children({ ...node.templ, inits: [] }));
  }

  construction(init) {
    let type = bare(init.tpe);
    if (type.type === "Type.Select") type = type.name;
    const count = init.argClauses.reduce((sum, clause) => sum + clause.values.length, 0);
    this.addCall(type.pos.start, this.source(type), "constructor", count);
    init.argClauses.forEach((clause) => this.visit(clause));
  }

  call(node) {
    let [callee, count] = [node, 0];
    while (callee.type === "Term.Apply") {
      count += callee.argClause.values.length;
      this.visit(callee.argClause);
      callee = callee.fun;
    }
    const typed = callee.type === "Term.ApplyType" ? callee.fun : callee;
    if (typed.type === "Term.Name") {
      const name = this.source(typed);
      this.addCall(typed.pos.start, name, "function", count, this.classNames.has(name));
    } else if (typed.type === "Term.Select") {
      this.addCall(typed.name.pos.start, this.source(typed.name), "method", count);
      this.visit(typed.qual);
    } else {
      this.visit(callee);
    }
  }

  infix(node) {
    const name = this.source(node.op);
    if (/^[\p{L}_$`]/u.test(name)) this.addCall(node.op.pos.start, name, "method", node.argClause.values.length);
    this.visit(node.lhs);
    this.visit(node.argClause);
  }

  addCall(offset, name, kind, count, isOfUnknownKind = false) {
    const unknown = isOfUnknownKind ? ["kind"] : [];
    let place = this.scopes.length - 1;
    while (place >= 0 && this.scopes[place].kind !== "function") place -= 1;
    // What a class inside a function calls outside its methods belongs to no function that is named.
    if (place >= 0 && place < this.scopes.length - 1) unknown.push("function");
    const around = place < 0 ? "" : this.scopes.slice(0, place + 1).map((scope) => scope.name).join(".");
    this.add("call", this.place(offset), name, { kind, function: around, arguments: String(count) }, { unknown });
  }

  importer({ ref, importees }) {
    const module = this.source(ref).replace(/ /g, "");
    for (const each of importees) {
      const at = this.place(each.pos.start);
      if (each.type === "Importee.Wildcard") {
        this.add("import", at, "", { kind: "wildcard" }, { qualified_name: module });
      } else if (each.type === "Importee.Name" || each.type === "Importee.Rename") {
        const alias = each.rename ? this.source(each.rename) : "";
        this.add("import", at, this.source(each.name), { kind: "name", alias }, { qualified_name: module });
      }
    }
  }
}

/** A type without arguments. */
function bare(type) {
  while (type.type === "Type.Apply" || type.type === "Type.Annotate") type = type.tpe;
  return type;
}

function collectClasses(node, names) {
  if (!node || typeof node !== "object") return;
  if (CLASSES[node.type] || node.type === "Defn.Type") names.add(node.name.value);
  Object.values(node).forEach((value) => collectClasses(value, names));
}

function read(file, relative) {
  const text = fs.readFileSync(file, "utf8");
  const tree = parseSource(text);
  if (tree.error) return { path: relative, error: String(tree.error).split("\n")[0] };
  return { path: relative, facts: new Judge(text).run(tree), blind: [] };
}

function walk(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  entries.sort((one, two) => (one.name < two.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(file);
    else if (entry.isFile() && entry.name.endsWith(".scala")) {
      process.stdout.write(JSON.stringify(read(file, path.relative(root, file))) + "\n");
    }
  }
}

process.stdout.write(JSON.stringify(SCOPE) + "\n");
walk(root);
