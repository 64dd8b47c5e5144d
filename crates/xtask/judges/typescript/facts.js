// What the TypeScript compiler's parser says about JavaScript and TypeScript files: one JSON object a file on standard
// output.
//
// Arguments: the root of a tree, the folder in which the package `typescript` is installed, and the extensions of the
// files to read. The form of an object is described in crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter.
//
// The rules by which a function without a name gets that of what it is bound to are the documentation's
// (crates/extract/src/languages/README.md), written anew on this tree.

"use strict";

const fs = require("fs");
const path = require("path");

const [root, packages, ...extensions] = process.argv.slice(2);
const ts = require(path.join(packages, "node_modules", "typescript"));
const Kind = ts.SyntaxKind;

const SCOPE = {
  function: ["kind", "is_async", "is_static", "return_type"],
  class: ["kind"],
  parameter: ["kind", "default", "annotation"],
  decorator: ["arguments"],
  base: ["text"],
  import: ["kind", "alias", "is_type_only", "is_relative"],
  call: ["kind", "text", "function", "arguments"],
};

// Bundles: what a program wrote on one line is no source.
const MOST_BYTES = 1_000_000;

class Judge {
  constructor(file) {
    this.file = file;
    this.text = file.text;
    this.facts = [];
    // What is open: `{ kind, name }` with kind `function`, `class` or `qualifier`.
    this.scopes = [];
    this.lineStarts = [0];
    for (let place = this.text.indexOf("\n"); place >= 0; place = this.text.indexOf("\n", place + 1)) {
      this.lineStarts.push(place + 1);
    }
  }

  // Text and places.

  place(offset) {
    let [low, high] = [0, this.lineStarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return [low + 1, Buffer.byteLength(this.text.slice(this.lineStarts[low], offset)) + 1];
  }

  start(node) {
    return node.getStart(this.file, false);
  }

  // The place of a definition: without decorators, `export`, `default` and `declare`, and without a last `;` or `,`.
  span(node) {
    const outside = [Kind.ExportKeyword, Kind.DefaultKeyword, Kind.DeclareKeyword, Kind.Decorator];
    let start = this.start(node);
    for (const modifier of node.modifiers ?? []) {
      const isOutside = outside.includes(modifier.kind) && !(modifier.kind === Kind.DeclareKeyword && ts.isClassElement(node));
      if (isOutside && modifier.pos <= start) start = ts.skipTrivia(this.text, modifier.end);
    }
    let end = node.end;
    while (end > start && /[;,\s]/.test(this.text[end - 1])) end--;
    return [...this.place(start), ...this.place(end)];
  }

  source(node) {
    return fold(this.text.slice(this.start(node), node.end));
  }

  add(kind, at, name, qualified_name, attributes) {
    const kept = {};
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value === true) kept[key] = "true";
      else if (value !== undefined && value !== null && value !== false && value !== "") kept[key] = String(value);
    }
    this.facts.push({ kind, at, name, qualified_name: qualified_name ?? "", attributes: kept });
  }

  qualified(name) {
    return [...this.scopes.map((scope) => scope.name), name].join(".");
  }

  // The innermost function or class; objects and namespaces are looked through.
  innermost() {
    return this.scopes.findLast((scope) => scope.kind !== "qualifier" || scope.isNamespace);
  }

  inside(scope, node, visit) {
    this.scopes.push(scope);
    ts.forEachChild(node, visit ?? ((child) => this.visit(child)));
    this.scopes.pop();
  }

  // The walk.

  visit(node) {
    switch (node.kind) {
      case Kind.FunctionDeclaration:
        // One without a body is an overload, of which the function with the body says all, or all there is of a function that is
        // elsewhere: the parser says which.
        return node.body || this.isAmbient(node) ? this.function(node) : this.children(node);
      case Kind.FunctionExpression:
      case Kind.ArrowFunction:
        return this.function(node);
      case Kind.MethodDeclaration:
      case Kind.Constructor:
      case Kind.GetAccessor:
      case Kind.SetAccessor:
      case Kind.MethodSignature:
        return this.method(node);
      case Kind.ClassDeclaration:
      case Kind.ClassExpression:
        return this.class(node);
      case Kind.InterfaceDeclaration:
        return this.type(node, "interface");
      case Kind.EnumDeclaration:
        return this.type(node, "enum");
      case Kind.TypeAliasDeclaration:
        return this.type(node, "type_alias");
      case Kind.ModuleDeclaration:
        return this.namespace(node);
      case Kind.ObjectLiteralExpression:
        return this.object(node);
      case Kind.CallExpression:
        this.call(node, node.expression, node.arguments.length);
        return this.children(node);
      case Kind.TaggedTemplateExpression:
        this.call(node, node.tag, 1);
        return this.children(node);
      case Kind.NewExpression:
        this.construct(node);
        return this.children(node);
      case Kind.ImportType:
        this.importType(node);
        return this.children(node);
      case Kind.ImportDeclaration:
        this.importDeclaration(node);
        return this.children(node);
      case Kind.ImportEqualsDeclaration:
        this.importEquals(node);
        return this.children(node);
      case Kind.ExportDeclaration:
        this.exportDeclaration(node);
        return this.children(node);
      default:
        return this.children(node);
    }
  }

  children(node) {
    ts.forEachChild(node, (child) => this.visit(child));
  }

  // Functions.

  // What a value is bound to: `{ name, memberOf }`.
  binding(node) {
    let value = node;
    const transparent = [Kind.ParenthesizedExpression, Kind.AsExpression, Kind.SatisfiesExpression, Kind.NonNullExpression];
    while (transparent.includes(value.parent.kind)) value = value.parent;
    const head = value.parent;
    if (ts.isVariableDeclaration(head) && ts.isIdentifier(head.name)) return { name: head.name.text };
    if ((ts.isPropertyAssignment(head) || ts.isPropertyDeclaration(head)) && head.initializer === value) {
      return { name: this.propertyName(head.name), isProperty: ts.isPropertyAssignment(head) };
    }
    if (ts.isExportAssignment(head) && !node.name) return { name: "default" };
    if (ts.isBinaryExpression(head) && head.operatorToken.kind === Kind.EqualsToken && head.right === value) {
      return this.assigned(head.left);
    }
    const isDeclaration = node.kind === Kind.FunctionDeclaration || node.kind === Kind.ClassDeclaration;
    return isDeclaration && !node.name ? { name: "default" } : undefined;
  }

  assigned(left) {
    if (ts.isIdentifier(left)) return { name: left.text, isExports: left.text === "exports" };
    if (!ts.isPropertyAccessExpression(left)) return undefined;
    if (this.source(left) === "module.exports") return { name: "default", isExports: true };
    const object = left.expression;
    if (ts.isPropertyAccessExpression(object) && object.name.text === "prototype") {
      return { name: left.name.text, memberOf: this.source(object.expression) };
    }
    return { name: left.name.text, isPrototype: left.name.text === "prototype", object };
  }

  propertyName(name) {
    return ts.isStringLiteral(name) ? fold(this.source(name).slice(1, -1)) : this.source(name);
  }

  function(node) {
    const bound = this.binding(node);
    const name = bound?.name ?? node.name?.text;
    if (!name) return this.children(node);
    const isClosure = node.kind === Kind.ArrowFunction || (!node.name && !bound?.memberOf);
    const isMember = this.innermost()?.kind === "class" || bound?.memberOf;
    const kind = isClosure ? "closure" : isMember ? "method" : "function";
    const ofField = ts.isPropertyDeclaration(node.parent) ? node.parent : undefined;
    const has = (modifier) =>
      [...(node.modifiers ?? []), ...(ofField?.modifiers ?? [])].some((each) => each.kind === modifier);
    const scopeName = bound?.memberOf ? `${bound.memberOf}.${name}` : name;
    this.add("function", this.span(node), name, this.qualified(scopeName), {
      kind,
      is_async: has(Kind.AsyncKeyword),
      is_static: has(Kind.StaticKeyword),
      return_type: node.type ? this.source(node.type) : undefined,
    });
    this.parameters(node);
    this.inside({ kind: "function", name: scopeName }, node);
  }

  method(node) {
    const parent = node.parent;
    const inObject = ts.isObjectLiteralExpression(parent);
    const has = (modifier) => (node.modifiers ?? []).some((each) => each.kind === modifier);
    if (!node.body && !has(Kind.AbstractKeyword) && !this.isDeclaredMember(node)) return this.children(node);
    const name = node.kind === Kind.Constructor ? "constructor" : this.propertyName(node.name);
    const isAccessor = node.kind === Kind.GetAccessor || node.kind === Kind.SetAccessor;
    let kind = this.innermost()?.kind === "class" ? "method" : "function";
    if (isAccessor) kind = "accessor";
    else if (name === "constructor" && !inObject && node.body) kind = "constructor";
    this.decorators(node);
    this.add("function", this.span(node), name, this.qualified(name), {
      kind,
      is_async: has(Kind.AsyncKeyword),
      is_static: has(Kind.StaticKeyword),
      return_type: node.type ? this.source(node.type) : undefined,
    });
    this.parameters(node);
    this.inside({ kind: "function", name }, node);
  }

  // A member without a body that is no overload: of an interface, of a named object type, of a class that is declared only.
  isDeclaredMember(node) {
    const parent = node.parent;
    if (ts.isInterfaceDeclaration(parent)) return true;
    if (ts.isTypeLiteralNode(parent)) return ts.isTypeAliasDeclaration(parent.parent);
    return ts.isClassLike(parent) && this.isAmbient(node);
  }

  // Whether the node is in a declaration file or behind `declare`.
  isAmbient(node) {
    return this.file.isDeclarationFile || (node.flags & ts.NodeFlags.Ambient) !== 0;
  }

  parameters(node) {
    const at = this.span(node).slice(0, 2);
    node.parameters.forEach((parameter, index) => {
      let kind = "ordinary";
      if (parameter.dotDotDotToken) kind = "variadic";
      else if (parameter.name.getText(this.file) === "this") kind = "receiver";
      this.add("parameter", [...at, index], this.source(parameter.name), "", {
        kind,
        default: parameter.initializer ? this.source(parameter.initializer) : undefined,
        annotation: parameter.type ? this.source(parameter.type) : undefined,
      });
    });
  }

  decorators(node) {
    const decorators = (node.modifiers ?? []).filter(ts.isDecorator);
    const at = this.span(node).slice(0, 2);
    decorators.forEach((decorator, index) => {
      const expression = decorator.expression;
      const isCall = ts.isCallExpression(expression);
      const name = this.source(isCall ? expression.expression : expression);
      let list;
      if (isCall) {
        const open = this.text.indexOf("(", expression.typeArguments?.end ?? expression.expression.end);
        list = fold(this.text.slice(open + 1, expression.end - 1));
      }
      this.add("decorator", [...at, index], name, "", { arguments: list });
    });
  }

  // Classes and other types.

  class(node) {
    const name = this.binding(node)?.name ?? node.name?.text;
    if (!name) return this.children(node);
    this.decorators(node);
    this.add("class", this.span(node), name, this.qualified(name), { kind: "class" });
    this.bases(node);
    this.inside({ kind: "class", name }, node);
  }

  type(node, kind) {
    const name = node.name.text;
    this.add("class", this.span(node), name, this.qualified(name), { kind });
    this.bases(node);
    this.inside({ kind: "class", name }, node);
  }

  bases(node) {
    const at = this.span(node).slice(0, 2);
    const all = (node.heritageClauses ?? []).flatMap((clause) => [...clause.types]);
    all.forEach((base, index) => {
      this.add("base", [...at, index], this.source(base.expression), "", { text: this.source(base) });
    });
  }

  namespace(node) {
    if (node.flags & ts.NodeFlags.GlobalAugmentation) return this.children(node);
    const name = ts.isStringLiteral(node.name) ? node.name.text : node.name.text;
    this.inside({ kind: "qualifier", isNamespace: true, name }, node);
  }

  // An object that is bound to a name qualifies its members, but for one that is what the module exports.
  object(node) {
    const bound = this.binding(node);
    if (!bound || bound.isExports) return this.children(node);
    const name = bound.isPrototype ? this.source(bound.object) : bound.memberOf ? `${bound.memberOf}.${bound.name}` : bound.name;
    this.inside({ kind: "qualifier", name }, node);
  }

  // Calls.

  call(node, expression, count) {
    const callee = bare(expression);
    if (ts.isIdentifier(callee)) this.site("function", callee, callee, count);
    else if (callee.kind === Kind.SuperKeyword) this.site("constructor", callee, callee, count);
    else if (ts.isPropertyAccessExpression(callee)) this.site("method", callee.name, callee, count);
    this.dynamicImport(node, callee);
  }

  construct(node) {
    const callee = bare(node.expression);
    const count = node.arguments?.length ?? 0;
    if (ts.isIdentifier(callee)) this.site("constructor", callee, callee, count);
    else if (ts.isPropertyAccessExpression(callee)) this.site("constructor", callee.name, callee, count);
  }

  site(kind, name, callee, count) {
    const scope = this.innermost();
    const names = this.scopes.map((each) => each.name);
    const last = this.scopes.lastIndexOf(scope);
    this.add("call", this.place(this.start(name)), this.source(name), "", {
      kind,
      text: name === callee ? undefined : this.source(callee),
      function: scope?.kind === "function" ? names.slice(0, last + 1).join(".") : undefined,
      arguments: String(count),
    });
  }

  // Imports.

  import(at, kind, module, name, alias, isTypeOnly) {
    this.add("import", this.place(this.start(at)), name ?? "", module, {
      kind,
      alias: alias === name ? undefined : alias,
      is_type_only: Boolean(isTypeOnly),
      is_relative: module.startsWith("./") || module.startsWith("../") || module === "." || module === "..",
    });
  }

  moduleName(node) {
    return fold(this.source(node).slice(1, -1));
  }

  // `import("m").T` and `typeof import("m")` in a type.
  importType(node) {
    const literal = node.argument.literal;
    if (literal && ts.isStringLiteralLike(literal)) {
      this.import(literal, "dynamic", this.moduleName(literal), undefined, undefined, true);
    }
  }

  importDeclaration(node) {
    const module = this.moduleName(node.moduleSpecifier);
    const clause = node.importClause;
    if (!clause) return this.import(node.moduleSpecifier, "module", module);
    if (clause.name) this.import(clause.name, "name", module, "default", clause.name.text, clause.isTypeOnly);
    const bindings = clause.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) {
      this.import(bindings.name, "wildcard", module, undefined, bindings.name.text, clause.isTypeOnly);
    } else if (bindings) {
      for (const each of bindings.elements) this.specifier(each, "name", module, clause.isTypeOnly);
    }
  }

  specifier(each, kind, module, isTypeOnly) {
    const outside = each.propertyName ?? each.name;
    const alias = each.propertyName ? this.propertyName(each.name) : undefined;
    this.import(outside, kind, module, this.propertyName(outside), alias, isTypeOnly || each.isTypeOnly);
  }

  importEquals(node) {
    const reference = node.moduleReference;
    if (ts.isExternalModuleReference(reference) && ts.isStringLiteralLike(reference.expression)) {
      this.import(node.name, "module", this.moduleName(reference.expression), undefined, node.name.text, node.isTypeOnly);
    }
  }

  exportDeclaration(node) {
    if (!node.moduleSpecifier) return;
    const module = this.moduleName(node.moduleSpecifier);
    const clause = node.exportClause;
    if (!clause) this.import(node.moduleSpecifier, "re_export", module, undefined, undefined, node.isTypeOnly);
    else if (ts.isNamespaceExport(clause)) {
      this.import(clause.name, "re_export", module, undefined, this.propertyName(clause.name), node.isTypeOnly);
    } else for (const each of clause.elements) this.specifier(each, "re_export", module, node.isTypeOnly);
  }

  // `require("m")` and `import("m")`, with what the variable binds that takes it.
  dynamicImport(node, callee) {
    const isImport = callee.kind === Kind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
    const argument = node.arguments?.[0];
    if (!isImport || !argument || !ts.isStringLiteralLike(argument)) return;
    const module = this.moduleName(argument);
    const isArgument = node.parent.arguments?.includes(node);
    const around = [node.parent, node.parent.parent].find((each) => each && ts.isVariableDeclaration(each) && !isArgument);
    if (!around) return this.import(argument, "dynamic", module);
    if (ts.isIdentifier(around.name)) return this.import(argument, "dynamic", module, undefined, around.name.text);
    this.boundNames(around.name, module);
  }

  boundNames(pattern, module) {
    for (const element of pattern.elements) {
      if (ts.isOmittedExpression(element)) continue;
      if (!ts.isIdentifier(element.name)) this.boundNames(element.name, module);
      else {
        const isObject = ts.isObjectBindingPattern(pattern) && !element.dotDotDotToken;
        const key = element.propertyName ?? element.name;
        const name = isObject && !ts.isStringLiteral(key) ? this.source(key) : undefined;
        this.import(element.name, "dynamic", module, name, element.name.text);
      }
    }
  }
}

function fold(text) {
  return text.replaceAll("\0", "").replace(/\s+/g, " ").trim();
}

function bare(callee) {
  while (callee.kind === Kind.ParenthesizedExpression || callee.kind === Kind.NonNullExpression) {
    callee = callee.expression;
  }
  return callee;
}

function factsOf(file, relative) {
  const bytes = fs.readFileSync(file);
  if (bytes.length > MOST_BYTES) return { path: relative, error: "larger than a source file is" };
  const text = bytes.toString("utf8");
  if (Buffer.compare(Buffer.from(text), bytes) !== 0) return { path: relative, error: "not UTF-8" };
  const isPlain = /\.[cm]?[jt]s$/.test(file);
  const isTypeScript = /\.[cm]?tsx?$/.test(file);
  const kinds = isTypeScript ? [ts.ScriptKind.TS, ts.ScriptKind.TSX] : [ts.ScriptKind.JS, ts.ScriptKind.JSX];
  const parsed = ts.createSourceFile(file, text.replace(/^\uFEFF/, ""), ts.ScriptTarget.Latest, true, kinds[isPlain ? 0 : 1]);
  if (parsed.parseDiagnostics.length > 0) {
    return { path: relative, error: ts.flattenDiagnosticMessageText(parsed.parseDiagnostics[0].messageText, " ") };
  }
  const judge = new Judge(parsed);
  judge.children(parsed);
  return { path: relative, facts: judge.facts, blind: [] };
}

function* filesBelow(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) yield* filesBelow(full);
    else if (entry.isFile() && extensions.some((extension) => entry.name.endsWith(`.${extension}`))) yield full;
  }
}

// A pipe may take a part at a time, or nothing for a while.
function print(object) {
  let rest = Buffer.from(JSON.stringify(object) + "\n");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

print(SCOPE);
for (const file of filesBelow(root)) {
  const relative = path.relative(root, file).split(path.sep).join("/");
  let facts;
  try {
    facts = factsOf(file, relative);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    facts = { path: relative, error: error.message };
  }
  print(facts);
}
