// What `ts.resolveModuleName` says about the module specifiers of JavaScript and TypeScript: importing file, specifier, file;
// by tabs.
//
// Arguments: the root of a tree, the folder in which the package `typescript` is installed. The compiler's options are those of
// the nearest tsconfig.json above a file, else those that a bundler has. Nothing here knows tree-sitter.

"use strict";

const fs = require("fs");
const path = require("path");

const [root, packages] = [path.resolve(process.argv[2]), process.argv[3]];
const ts = require(path.join(packages, "node_modules", "typescript"));

const EXTENSIONS = /\.([cm]?[jt]s|[jt]sx)$/;
const DEFAULTS = {
  allowJs: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  resolveJsonModule: true,
};
const MOST_BYTES = 1_000_000;

const configurations = new Map();

function optionsOf(directory) {
  if (!configurations.has(directory)) {
    const file = path.join(directory, "tsconfig.json");
    let options = null;
    if (fs.existsSync(file)) {
      const read = ts.readConfigFile(file, ts.sys.readFile);
      const parsed = ts.parseJsonConfigFileContent(read.config ?? {}, ts.sys, directory);
      options = { ...DEFAULTS, baseUrl: parsed.options.baseUrl, paths: parsed.options.paths, pathsBasePath: parsed.options.pathsBasePath };
    } else if (directory !== root && directory.startsWith(root)) {
      options = optionsOf(path.dirname(directory));
    }
    configurations.set(directory, options ?? DEFAULTS);
  }
  return configurations.get(directory);
}

function* files(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".git") yield* files(file);
    else if (entry.isFile() && EXTENSIONS.test(entry.name) && fs.statSync(file).size < MOST_BYTES) yield file;
  }
}

// Imports, exports, `import()` of values and types and `require()` with a literal.
function specifiers(source) {
  const found = new Set();
  const visit = (node) => {
    const literal =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isExternalModuleReference(node)
          ? node.expression
          : ts.isCallExpression(node) &&
              node.arguments.length > 0 &&
              (node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === "require"))
            ? node.arguments[0]
            : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
              ? node.argument.literal
              : undefined;
    if (literal && ts.isStringLiteralLike(literal)) found.add(literal.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

for (const file of files(root)) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, false);
  const importer = path.relative(root, file);
  console.log(`${importer}\t\t`);
  for (const specifier of specifiers(source)) {
    const found = ts.resolveModuleName(specifier, file, optionsOf(path.dirname(file)), ts.sys).resolvedModule;
    let target = found && path.relative(root, found.resolvedFileName);
    if (!target || target.startsWith("..") || target.split("/").includes("node_modules")) continue;
    // The compiler looks for types: where a file of JavaScript imports one that has its types beside it, what runs is meant.
    const runs = target.replace(/\.d\.([cm]?)ts$/, ".$1js");
    if (/\.([cm]?js|jsx)$/.test(file) && runs !== target && fs.existsSync(path.join(root, runs))) target = runs;
    console.log(`${importer}\t${specifier.split("?")[0]}\t${target}`);
  }
}
