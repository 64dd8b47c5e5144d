// What the JDK's own parser says about Java files: one JSON object a file on standard output.
//
// Argument: the root of a tree; every `*.java` below it is read. The form of an object is described in
// crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter: everything comes from the compiler tree API (module
// jdk.compiler). Run with `java Facts.java ROOT`, JDK 17 or newer.

import com.sun.source.tree.*;
import com.sun.source.util.*;
import java.io.*;
import java.net.URI;
import java.nio.charset.*;
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import javax.tools.*;

public class Facts {
    static final String SCOPE = "{\"function\":[\"kind\",\"is_static\",\"return_type\"],\"class\":[\"kind\"],"
        + "\"parameter\":[\"kind\",\"annotation\"],\"decorator\":[\"arguments\"],\"base\":[\"text\"],"
        + "\"import\":[\"kind\"],\"call\":[\"kind\",\"text\",\"function\",\"arguments\"]}";

    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, "UTF-8");
        out.println(SCOPE);
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.filter(path -> path.toString().endsWith(".java") && Files.isRegularFile(path)).sorted().toList();
        }
        for (Path file : files) {
            out.println(line(file, root.relativize(file).toString().replace('\\', '/')));
        }
        out.flush();
    }

    static String line(Path file, String relative) throws IOException {
        String head = "{\"path\":" + quoted(relative);
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (CharacterCodingException error) {
            return head + ",\"error\":\"not UTF-8\"}";
        }
        var source = new SimpleJavaFileObject(URI.create("string:///" + file.getFileName().toString().replace(" ", "_")), JavaFileObject.Kind.SOURCE) {
            @Override public CharSequence getCharContent(boolean ignored) { return text; }
        };
        var diagnostics = new DiagnosticCollector<JavaFileObject>();
        var compiler = ToolProvider.getSystemJavaCompiler();
        var task = (JavacTask) compiler.getTask(null, null, diagnostics, List.of("-proc:none"), null, List.of(source));
        CompilationUnitTree unit = task.parse().iterator().next();
        for (var each : diagnostics.getDiagnostics()) {
            if (each.getKind() == Diagnostic.Kind.ERROR) {
                return head + ",\"error\":" + quoted(each.getMessage(Locale.ROOT)) + "}";
            }
        }
        Judge judge = new Judge(unit, text, Trees.instance(task).getSourcePositions());
        judge.scan(unit, null);
        return head + ",\"facts\":[" + String.join(",", judge.facts) + "],\"blind\":[]}";
    }

    /** What is open: a function, a class, or the package. */
    record Scope(char kind, String name) {}

    static class Judge extends TreeScanner<Void, Void> {
        final CompilationUnitTree unit;
        final String text;
        final SourcePositions positions;
        final List<Integer> lineStarts = new ArrayList<>(List.of(0));
        final List<String> facts = new ArrayList<>();
        final Deque<Scope> scopes = new ArrayDeque<>();
        final Deque<ClassTree> classes = new ArrayDeque<>();

        Judge(CompilationUnitTree unit, String text, SourcePositions positions) {
            this.unit = unit;
            this.text = text;
            this.positions = positions;
            for (int place = text.indexOf('\n'); place >= 0; place = text.indexOf('\n', place + 1)) {
                lineStarts.add(place + 1);
            }
            if (unit.getPackageName() != null) {
                scopes.addLast(new Scope('p', text(unit.getPackageName()).replace(" ", "")));
            }
        }

        // Text and places.

        int start(Tree tree) { return (int) positions.getStartPosition(unit, tree); }
        int end(Tree tree) { return (int) positions.getEndPosition(unit, tree); }
        String text(Tree tree) { return folded(text.substring(start(tree), end(tree))); }

        String place(int offset) {
            int line = Collections.binarySearch(lineStarts, offset);
            line = line < 0 ? -line - 2 : line;
            int column = text.substring(lineStarts.get(line), offset).getBytes(StandardCharsets.UTF_8).length;
            return (line + 1) + "," + (column + 1);
        }

        /** The first place from `offset` on that is neither white space nor a comment. */
        int skipped(int offset) {
            while (offset < text.length()) {
                if (Character.isWhitespace(text.charAt(offset))) offset++;
                else if (text.startsWith("//", offset)) offset = text.indexOf('\n', offset);
                else if (text.startsWith("/*", offset)) offset = text.indexOf("*/", offset) + 2;
                else break;
            }
            return offset;
        }

        /** Where a definition begins behind the annotations before it. */
        int begin(Tree tree, ModifiersTree modifiers) {
            int begin = start(tree);
            for (AnnotationTree each : modifiers.getAnnotations()) {
                if (start(each) == begin) begin = skipped(end(each));
            }
            return begin;
        }

        void add(String kind, String at, String name, String qualified, String... attributes) {
            StringBuilder json = new StringBuilder("{\"kind\":\"" + kind + "\",\"at\":[" + at + "],\"name\":" + quoted(name)
                + ",\"qualified_name\":" + quoted(qualified) + ",\"attributes\":{");
            String comma = "";
            for (int index = 0; index < attributes.length; index += 2) {
                if (attributes[index + 1] != null && !attributes[index + 1].isEmpty()) {
                    json.append(comma).append(quoted(attributes[index])).append(':').append(quoted(attributes[index + 1]));
                    comma = ",";
                }
            }
            facts.add(json.append("}}").toString());
        }

        String qualified(String name) {
            String around = scopes.stream().map(Scope::name).collect(Collectors.joining("."));
            return around.isEmpty() ? name : around + "." + name;
        }

        // Classes.

        @Override public Void visitClass(ClassTree tree, Void nothing) {
            int begin = begin(tree, tree.getModifiers());
            String kind = switch (tree.getKind()) {
                case INTERFACE -> "interface";
                case ENUM -> "enum";
                case RECORD -> "record";
                case ANNOTATION_TYPE -> "annotation";
                default -> "class";
            };
            List<Tree> bases = new ArrayList<>();
            if (tree.getExtendsClause() != null) bases.add(tree.getExtendsClause());
            bases.addAll(tree.getImplementsClause());
            named(tree, tree.getSimpleName().toString(), kind, begin, bases);
            return null;
        }

        void named(ClassTree tree, String name, String kind, int begin, List<? extends Tree> bases) {
            String at = place(begin);
            add("class", at + "," + place(end(tree)), name, qualified(name), "kind", kind);
            for (int index = 0; index < bases.size(); index++) {
                add("base", at + "," + index, text(bare(bases.get(index))), "", "text", text(bases.get(index)));
            }
            annotations(tree.getModifiers(), at);
            scopes.addLast(new Scope('c', name));
            classes.addLast(tree);
            super.visitClass(tree, null);
            classes.removeLast();
            scopes.removeLast();
        }

        Tree bare(Tree type) {
            if (type instanceof AnnotatedTypeTree annotated) return bare(annotated.getUnderlyingType());
            return type instanceof ParameterizedTypeTree parameterized ? bare(parameterized.getType()) : type;
        }

        void annotations(ModifiersTree modifiers, String at) {
            int index = 0;
            for (AnnotationTree each : modifiers.getAnnotations()) {
                int open = skipped(end(each.getAnnotationType()));
                boolean hasList = open < end(each) && text.charAt(open) == '(';
                String list = hasList ? folded(text.substring(open + 1, end(each) - 1)) : null;
                add("decorator", at + "," + index++, text(each.getAnnotationType()), "", "arguments", list);
            }
        }

        // Functions.

        @Override public Void visitMethod(MethodTree tree, Void nothing) {
            boolean isConstructor = tree.getName().contentEquals("<init>");
            String name = isConstructor ? classes.getLast().getSimpleName().toString() : tree.getName().toString();
            String at = place(begin(tree, tree.getModifiers()));
            boolean isStatic = tree.getModifiers().getFlags().contains(javax.lang.model.element.Modifier.STATIC);
            add("function", at + "," + place(end(tree)), name, qualified(name), "kind", isConstructor ? "constructor" : "method",
                "is_static", isStatic ? "true" : null, "return_type", tree.getReturnType() == null ? null : text(tree.getReturnType()));
            // The parser gives a compact constructor of a record the record's components, which are written elsewhere.
            var written = tree.getParameters().stream().filter(each -> start(each) > start(tree)).toList();
            parameters(tree.getReceiverParameter(), written, at);
            annotations(tree.getModifiers(), at);
            scopes.addLast(new Scope('f', name));
            super.visitMethod(tree, null);
            scopes.removeLast();
            return null;
        }

        void parameters(VariableTree receiver, List<? extends VariableTree> parameters, String at) {
            int index = 0;
            if (receiver != null) {
                add("parameter", at + "," + index++, "this", "", "kind", "receiver", "annotation", text(receiver.getType()));
            }
            for (VariableTree each : parameters) {
                String type = each.getType() == null || start(each.getType()) < 0 ? null : text(each.getType());
                // In `byte name[]` the type begins before the name and ends behind it.
                if (type != null && type.endsWith("]") && !type.endsWith(" []")) {
                    type = type.replaceFirst("\\s+\\Q" + each.getName() + "\\E\\s*(\\[)", "$1");
                }
                boolean isVariadic = type != null && type.endsWith("...");
                if (isVariadic) type = type.substring(0, type.length() - 3).trim();
                if ("var".equals(type)) type = null;
                add("parameter", at + "," + index++, each.getName().toString(), "", "kind", isVariadic ? "variadic" : "ordinary", "annotation", type);
            }
        }

        @Override public Void visitVariable(VariableTree tree, Void nothing) {
            boolean inEnum = !classes.isEmpty() && classes.getLast().getKind() == Tree.Kind.ENUM && scopes.getLast().kind() == 'c';
            if (inEnum && tree.getInitializer() instanceof NewClassTree constant && isConstant(tree, constant)) {
                scan(tree.getModifiers(), null);
                scan(constant.getArguments(), null);
                if (constant.getClassBody() != null) {
                    String around = classes.getLast().getSimpleName().toString();
                    body(constant, tree.getName().toString(), around, null);
                }
                return null;
            }
            if (!(tree.getInitializer() instanceof LambdaExpressionTree lambda)) return super.visitVariable(tree, nothing);
            scan(tree.getModifiers(), null);
            scan(tree.getType(), null);
            String name = tree.getName().toString();
            String at = place(start(lambda));
            boolean isStatic = scopes.getLast().kind() == 'c'
                && tree.getModifiers().getFlags().contains(javax.lang.model.element.Modifier.STATIC);
            add("function", at + "," + place(end(lambda)), name, qualified(name), "kind", "closure", "is_static", isStatic ? "true" : null);
            parameters(null, lambda.getParameters(), at);
            scopes.addLast(new Scope('f', name));
            super.visitLambdaExpression(lambda, null);
            scopes.removeLast();
            return null;
        }

        /** To the parser `A(1)` in an enum is a variable with the value `new E(1)`; its type has the constant's place. */
        boolean isConstant(VariableTree tree, NewClassTree value) {
            int place = start(value.getIdentifier());
            return place < 0 || text.startsWith(tree.getName().toString(), place) && !text.startsWith("new", start(value));
        }

        // Calls.

        @Override public Void visitNewClass(NewClassTree tree, Void nothing) {
            Tree type = bare(tree.getIdentifier());
            String whole = text(type);
            int last = type instanceof MemberSelectTree select ? end(select) - select.getIdentifier().length() : start(type);
            if (type instanceof MemberSelectTree select && bareName(select) instanceof AnnotatedTypeTree) whole = text(tree.getIdentifier());
            String name = folded(text.substring(last, end(type)));
            site("constructor", last, name, name.equals(whole) ? null : whole, tree.getArguments().size());
            scan(tree.getEnclosingExpression(), null);
            scan(tree.getIdentifier(), null);
            scan(tree.getTypeArguments(), null);
            scan(tree.getArguments(), null);
            if (tree.getClassBody() != null) {
                body(tree, "(anonymous)", text(bare(tree.getIdentifier())), text(tree.getIdentifier()));
            }
            return null;
        }

        Tree bareName(MemberSelectTree select) { return select.getExpression(); }

        /** The body of a class without a declaration: what it says stands between its braces. */
        void body(NewClassTree created, String name, String base, String baseText) {
            ClassTree body = created.getClassBody();
            int from = created.getArguments().isEmpty() ? Math.max(end(created.getIdentifier()), start(created))
                : end(created.getArguments().get(created.getArguments().size() - 1));
            int open = skipped(from);
            while (text.charAt(open) != '{') open = skipped(open + 1);
            String at = place(open);
            add("class", at + "," + place(end(body)), name, qualified(name), "kind", "class");
            add("base", at + ",0", base, "", "text", baseText == null ? base : baseText);
            scopes.addLast(new Scope('c', name));
            classes.addLast(body);
            scan(body.getMembers(), null);
            classes.removeLast();
            scopes.removeLast();
        }

        @Override public Void visitMethodInvocation(MethodInvocationTree tree, Void nothing) {
            ExpressionTree select = tree.getMethodSelect();
            int count = tree.getArguments().size();
            if (select instanceof IdentifierTree name) {
                boolean isConstructor = name.getName().contentEquals("this") || name.getName().contentEquals("super");
                site(isConstructor ? "constructor" : "function", start(name), name.getName().toString(), null, count);
            } else if (select instanceof MemberSelectTree member) {
                String name = member.getIdentifier().toString();
                site(name.equals("super") ? "constructor" : "method", end(member) - name.length(), name, text(member), count);
            }
            return super.visitMethodInvocation(tree, nothing);
        }

        void site(String kind, int offset, String name, String whole, int count) {
            boolean inFunction = !scopes.isEmpty() && scopes.getLast().kind() == 'f';
            String function = inFunction ? scopes.stream().map(Scope::name).collect(Collectors.joining(".")) : null;
            add("call", place(offset), name, "", "kind", kind, "text", whole, "function", function, "arguments", "" + count);
        }

        // Imports.

        @Override public Void visitImport(ImportTree tree, Void nothing) {
            MemberSelectTree path = (MemberSelectTree) tree.getQualifiedIdentifier();
            String name = path.getIdentifier().toString();
            String module = text(path.getExpression()).replace(" ", "");
            boolean isWildcard = name.equals("*");
            add("import", place(end(path) - name.length()), isWildcard ? "" : name, module, "kind", isWildcard ? "wildcard" : "name");
            return null;
        }

        @Override public Void visitRequires(RequiresTree tree, Void nothing) {
            add("import", place(start(tree.getModuleName())), "", text(tree.getModuleName()), "kind", "module");
            return null;
        }
    }

    static String folded(String text) { return text.replace("\0", "").replaceAll("\\s+", " ").trim(); }

    static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') json.append('\\').append(each);
            else if (each < ' ' || Character.isSurrogate(each)) json.append(String.format("\\u%04x", (int) each));
            else json.append(each);
        }
        return json.append('"').toString();
    }
}
