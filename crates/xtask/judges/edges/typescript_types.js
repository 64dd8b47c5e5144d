// What the type checker of TypeScript says about bases and calls: who, nothing, what; by tabs. A line without a third field says that the
// checker knows that it is none of the files'.
//
// Arguments: the root of a tree, the folder in which the package `typescript` is installed, and `bases` or `calls`. A class is its file,
// `#` and its qualified name; a call its file, line and column (in bytes, from 1) of the name that is called; what is meant is a file, `#`
// and a bare name. Calls of which the checker knows no declaration (of what is `any`) are left out. Nothing here knows tree-sitter.

"use strict";

const fs = require("fs");
const path = require("path");

const [root, packages, what] = [path.resolve(process.argv[2]), process.argv[3], process.argv[4]];
const ts = require(path.join(packages, "node_modules", "typescript"));

const SOURCE = /\.(ts|tsx|mts|cts)$/;

function* files(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") yield* files(file);
    else if (entry.isFile() && SOURCE.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name)) yield file;
  }
}

const sources = [...files(root)];
const program = ts.createProgram(sources, {
  allowJs: false,
  jsx: ts.JsxEmit.Preserve,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  target: ts.ScriptTarget.ESNext,
});
const checker = program.getTypeChecker();

const relative = (file) => path.relative(root, file.fileName);

function nameOf(declaration) {
  if (ts.isConstructorDeclaration(declaration)) return nameOf(declaration.parent);
  const named = declaration.name ?? (declaration.parent && declaration.parent.name);
  return named && (ts.isIdentifier(named) || ts.isPrivateIdentifier(named) || ts.isStringLiteral(named)) ? named.text : null;
}

/** `file#name`; empty for what is declared outside the tree, nothing for what has no name. */
function symbolOf(declaration) {
  const file = declaration.getSourceFile();
  if (path.relative(root, file.fileName).startsWith("..")) return "";
  const name = nameOf(declaration);
  return name === null ? null : `${relative(file)}#${name}`;
}

function qualified(node) {
  const names = [];
  for (let each = node; each; each = each.parent) {
    const isScope = ts.isClassLike(each) || ts.isInterfaceDeclaration(each) || ts.isFunctionLike(each) ||
      (ts.isModuleDeclaration(each) && ts.isIdentifier(each.name));
    if (isScope) names.unshift(nameOf(each) ?? "(anonymous)");
  }
  return names.join(".");
}

function resolved(symbol) {
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function place(file, offset) {
  const { line } = file.getLineAndCharacterOfPosition(offset);
  const start = file.getPositionOfLineAndCharacter(line, 0);
  return `${line + 1}:${Buffer.byteLength(file.text.slice(start, offset)) + 1}`;
}

function bases(file, node) {
  if (!(ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) || !node.name) return;
  const own = `${relative(file)}#${qualified(node)}`;
  console.log(`${own}\t\t`);
  for (const clause of node.heritageClauses ?? []) {
    for (const { expression } of clause.types) {
      const declaration = resolved(checker.getSymbolAtLocation(expression))?.declarations?.[0];
      const target = declaration && symbolOf(declaration);
      if (target) console.log(`${own}\t\t${target}`);
    }
  }
}

function calls(file, node) {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return;
  let callee = node.expression;
  while (ts.isParenthesizedExpression(callee) || ts.isNonNullExpression(callee)) callee = callee.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  if (!ts.isIdentifier(name) && !ts.isPrivateIdentifier(name)) return;
  const own = `${relative(file)}:${place(file, name.getStart(file))}`;
  const declaration = checker.getResolvedSignature(node)?.declaration;
  // What constructs an instance of a class without a constructor of its own, or calls a variable, is known by the name.
  const symbol = resolved(checker.getSymbolAtLocation(name));
  const meant = [declaration, ...(symbol?.declarations ?? [])].filter(Boolean).map(symbolOf).filter((each) => each !== null);
  if (meant.length === 0) return;
  console.log(`${own}\t\t`);
  const named = meant.find((each) => each.endsWith(`#${name.text}`)) ?? meant[0];
  if (named) console.log(`${own}\t\t${named}`);
}

const visitor = what === "bases" ? bases : calls;
for (const source of sources) {
  const file = program.getSourceFile(source);
  const visit = (node) => {
    visitor(file, node);
    ts.forEachChild(node, visit);
  };
  if (file) visit(file);
}
