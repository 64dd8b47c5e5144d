// What the Kotlin compiler's parser says about Kotlin files: one JSON object a file on standard output.
//
// Argument: the root of a tree; every `*.kt` below it is read. The form of an object is described in
// crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter: everything comes from the compiler's tree (PSI).
//
// What is a function, a class, a call is the documentation's (crates/extract/src/languages/README.md), written anew on this tree. Whether
// `Name(…)` constructs an instance of a class of the same file is a matter of types: there the kind is said to be unknown.

import com.intellij.openapi.util.Disposer;
import com.intellij.psi.PsiComment;
import com.intellij.psi.PsiElement;
import com.intellij.psi.PsiErrorElement;
import com.intellij.psi.PsiWhiteSpace;
import com.intellij.psi.util.PsiTreeUtil;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jetbrains.kotlin.cli.common.CLIConfigurationKeys;
import org.jetbrains.kotlin.cli.common.messages.MessageCollector;
import org.jetbrains.kotlin.cli.jvm.compiler.EnvironmentConfigFiles;
import org.jetbrains.kotlin.cli.jvm.compiler.KotlinCoreEnvironment;
import org.jetbrains.kotlin.config.CompilerConfiguration;
import org.jetbrains.kotlin.lexer.KtTokens;
import org.jetbrains.kotlin.psi.*;

public class Facts {
    static final String SCOPE = "{\"function\": [\"kind\", \"return_type\", \"is_async\"], \"class\": [\"kind\"],"
        + " \"parameter\": [\"kind\", \"default\", \"annotation\"], \"base\": [\"text\"],"
        + " \"import\": [\"kind\", \"alias\"], \"call\": [\"kind\", \"function\", \"arguments\"]}";

    public static void main(String[] arguments) throws IOException {
        CompilerConfiguration configuration = new CompilerConfiguration();
        configuration.put(CLIConfigurationKeys.MESSAGE_COLLECTOR_KEY, MessageCollector.Companion.getNONE());
        KotlinCoreEnvironment environment = KotlinCoreEnvironment.createForProduction(
            Disposer.newDisposable(), configuration, EnvironmentConfigFiles.JVM_CONFIG_FILES);
        KtPsiFactory factory = new KtPsiFactory(environment.getProject(), false);
        Path root = Path.of(arguments[0]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(SCOPE);
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".kt")).sorted().toList()) {
                String text = Files.readString(file).replace("\r\n", "\n");
                String name = "\"path\": " + quoted(root.relativize(file).toString());
                KtFile tree = factory.createFile(text);
                PsiErrorElement error = PsiTreeUtil.findChildOfType(tree, PsiErrorElement.class);
                if (error != null) {
                    out.println("{" + name + ", \"error\": " + quoted(error.getErrorDescription()) + "}");
                } else {
                    out.println("{" + name + ", \"facts\": [" + String.join(", ", new File(text).read(tree)) + "], \"blind\": []}");
                }
            }
        }
        System.exit(0);
    }

    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') quoted.append('\\').append(each);
            else if (each < ' ') quoted.append(String.format("\\u%04x", (int) each));
            else quoted.append(each);
        }
        return quoted.append('"').toString();
    }

    /** What is open: a package, class or function. */
    record Scope(char kind, String name) {}

    static class File {
        final String text;
        final List<String> facts = new ArrayList<>();
        final ArrayDeque<Scope> scopes = new ArrayDeque<>();
        final Set<String> classes = new HashSet<>();
        final int[] lines;

        File(String text) {
            this.text = text;
            List<Integer> starts = new ArrayList<>(List.of(0));
            for (int at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.add(at + 1);
            lines = starts.stream().mapToInt(Integer::intValue).toArray();
        }

        List<String> read(KtFile tree) {
            for (KtClassOrObject each : PsiTreeUtil.findChildrenOfType(tree, KtClassOrObject.class)) {
                if (each.getName() != null) classes.add(each.getName());
            }
            KtPackageDirective of = tree.getPackageDirective();
            String name = of == null || of.getPackageNameExpression() == null ? "" : of.getPackageNameExpression().getText();
            if (!name.isEmpty()) scopes.addLast(new Scope('p', name.replaceAll("\\s", "")));
            tree.getImportDirectives().forEach(this::imports);
            for (KtDeclaration each : tree.getDeclarations()) visit(each);
            return facts;
        }

        /** Line and column in bytes, from 1. */
        String place(int offset) {
            int found = Arrays.binarySearch(lines, offset);
            int line = found >= 0 ? found : -found - 2;
            int column = text.substring(lines[line], offset).getBytes(StandardCharsets.UTF_8).length;
            return (line + 1) + ", " + (column + 1);
        }

        String qualified(String name) {
            Stream<String> names = Stream.concat(scopes.stream().map(Scope::name), Stream.of(name));
            return names.collect(Collectors.joining("."));
        }

        static String folded(PsiElement element) {
            return element == null ? "" : element.getText().trim().replaceAll("\\s+", " ");
        }

        void add(String kind, String at, String name, String qualified, String unknown, String... said) {
            StringBuilder attributes = new StringBuilder();
            for (int each = 0; each < said.length; each += 2) {
                if (said[each + 1].isEmpty()) continue;
                if (attributes.length() > 0) attributes.append(", ");
                attributes.append(quoted(said[each])).append(": ").append(quoted(said[each + 1]));
            }
            facts.add("{\"kind\": " + quoted(kind) + ", \"at\": [" + at + "], \"name\": " + quoted(name)
                + (qualified == null ? "" : ", \"qualified_name\": " + quoted(qualified))
                + ", \"attributes\": {" + attributes + "}, \"unknown\": [" + unknown + "]}");
        }

        /** Where a declaration begins: behind its documentation and annotations. */
        int begin(PsiElement declaration) {
            for (PsiElement each = declaration.getFirstChild(); each != null; each = each.getNextSibling()) {
                if (each instanceof PsiComment || each instanceof PsiWhiteSpace) continue;
                if (!(each instanceof KtModifierList)) return each.getTextOffset();
                for (PsiElement word = each.getFirstChild(); word != null; word = word.getNextSibling()) {
                    boolean isBetween = word instanceof PsiComment || word instanceof PsiWhiteSpace;
                    if (!isBetween && !(word instanceof KtAnnotationEntry) && !(word instanceof KtAnnotation)) {
                        return word.getTextRange().getStartOffset();
                    }
                }
            }
            return declaration.getTextRange().getStartOffset();
        }

        /** Where an element ends: before a comment that follows on its line, which the compiler takes for a part of it. */
        static int end(PsiElement element) {
            PsiElement last = element.getLastChild();
            while (last instanceof PsiComment || last instanceof PsiWhiteSpace) last = last.getPrevSibling();
            return (last == null ? element : last).getTextRange().getEndOffset();
        }

        void children(PsiElement element) {
            for (PsiElement each = element.getFirstChild(); each != null; each = each.getNextSibling()) visit(each);
        }

        void within(char kind, String name, PsiElement element) {
            scopes.addLast(new Scope(kind, name));
            children(element);
            scopes.removeLast();
        }

        void visit(PsiElement node) {
            if (node instanceof KtAnnotationEntry || node instanceof KtAnnotation) return;
            if (node instanceof KtNamedFunction) {
                KtNamedFunction function = (KtNamedFunction) node;
                if (function.getNameIdentifier() == null) children(node);
                else function(function);
            } else if (node instanceof KtSecondaryConstructor) {
                constructor((KtSecondaryConstructor) node);
            } else if (node instanceof KtPropertyAccessor) {
                accessor((KtPropertyAccessor) node);
            } else if (node instanceof KtProperty) {
                property((KtProperty) node);
            } else if (node instanceof KtEnumEntry) {
                entry((KtEnumEntry) node);
            } else if (node instanceof KtClassOrObject) {
                type((KtClassOrObject) node);
            } else if (node instanceof KtTypeAlias) {
                String name = ((KtTypeAlias) node).getNameIdentifier().getText();
                String at = place(begin(node)) + ", " + place(end(node));
                add("class", at, name, qualified(name), "", "kind", "type_alias");
            } else {
                if (node instanceof KtCallExpression) call((KtCallExpression) node);
                if (node instanceof KtBinaryExpression) infix((KtBinaryExpression) node);
                if (node instanceof KtConstructorDelegationCall) delegation((KtConstructorDelegationCall) node);
                children(node);
            }
        }

        boolean isMember() {
            return !scopes.isEmpty() && scopes.getLast().kind() == 'c';
        }

        void function(KtNamedFunction function) {
            String name = function.getNameIdentifier().getText();
            boolean isMethod = isMember() || function.hasModifier(KtTokens.OPERATOR_KEYWORD);
            String at = place(begin(function));
            add("function", at + ", " + place(end(function)), name, qualified(name), "",
                "kind", isMethod ? "method" : "function", "return_type", folded(function.getTypeReference()),
                "is_async", function.hasModifier(KtTokens.SUSPEND_KEYWORD) ? "true" : "");
            parameters(at, function.getReceiverTypeReference(), function.getValueParameters());
            within('f', name, function);
        }

        void constructor(KtSecondaryConstructor constructor) {
            String name = scopes.getLast().name();
            String at = place(begin(constructor));
            add("function", at + ", " + place(end(constructor)), name, qualified(name), "", "kind", "constructor");
            parameters(at, null, constructor.getValueParameters());
            within('f', name, constructor);
        }

        void accessor(KtPropertyAccessor accessor) {
            if (!accessor.hasBody()) return;
            KtProperty property = accessor.getProperty();
            String name = property.getNameIdentifier().getText();
            String at = place(begin(accessor));
            add("function", at + ", " + place(end(accessor)), name, qualified(name), "\"return_type\"", "kind", "accessor");
            parameters(at, property.getReceiverTypeReference(), accessor.getValueParameters());
            within('f', name, accessor);
        }

        /** A lambda, or a function without a name, that is the value of a property bears its name. */
        void property(KtProperty property) {
            KtExpression value = property.getInitializer();
            boolean isLambda = value instanceof KtLambdaExpression;
            boolean isFunction = value instanceof KtNamedFunction && ((KtNamedFunction) value).getNameIdentifier() == null;
            if (!isLambda && !isFunction || property.getNameIdentifier() == null) {
                children(property);
                return;
            }
            String name = property.getNameIdentifier().getText();
            String at = place(begin(value));
            String returned = isFunction ? folded(((KtNamedFunction) value).getTypeReference()) : "";
            add("function", at + ", " + place(end(value)), name, qualified(name), "", "kind", "closure", "return_type", returned);
            List<KtParameter> parameters = isLambda
                ? ((KtLambdaExpression) value).getValueParameters() : ((KtNamedFunction) value).getValueParameters();
            parameters(at, null, parameters);
            for (PsiElement each = property.getFirstChild(); each != null; each = each.getNextSibling()) {
                if (each == value) within('f', name, value);
                else visit(each);
            }
        }

        void parameters(String at, KtTypeReference receiver, List<KtParameter> parameters) {
            int number = 0;
            if (receiver != null) {
                add("parameter", at + ", " + number++, "this", null, "", "kind", "receiver", "annotation", folded(receiver));
            }
            for (KtParameter each : parameters) {
                PsiElement name = each.getNameIdentifier();
                String written = name == null ? folded(each.getDestructuringDeclaration()) : name.getText();
                add("parameter", at + ", " + number++, written, null, "",
                    "kind", each.isVarArg() ? "variadic" : "ordinary",
                    "annotation", folded(each.getTypeReference()), "default", folded(each.getDefaultValue()));
            }
        }

        void type(KtClassOrObject type) {
            boolean isLiteral = type instanceof KtObjectDeclaration && ((KtObjectDeclaration) type).isObjectLiteral();
            boolean isCompanion = type instanceof KtObjectDeclaration && ((KtObjectDeclaration) type).isCompanion();
            PsiElement identifier = type.getNameIdentifier();
            String name = isLiteral ? "(anonymous)"
                : identifier != null ? identifier.getText() : isCompanion ? "Companion" : "";
            String at = place(begin(type));
            add("class", at + ", " + place(end(type)), name, qualified(name), "", "kind", kindOf(type));
            bases(at, type);
            for (KtSuperTypeListEntry each : type.getSuperTypeListEntries()) {
                if (each instanceof KtSuperTypeCallEntry) superCall((KtSuperTypeCallEntry) each);
            }
            within('c', name, type);
        }

        static String kindOf(KtClassOrObject type) {
            if (type instanceof KtObjectDeclaration) return "object";
            KtClass of = (KtClass) type;
            if (of.isInterface()) return "interface";
            if (of.isEnum()) return "enum";
            if (of.isAnnotation()) return "annotation";
            return of.isData() ? "record" : "class";
        }

        void bases(String at, KtClassOrObject type) {
            int number = 0;
            for (KtSuperTypeListEntry each : type.getSuperTypeListEntries()) {
                KtTypeReference reference = each.getTypeReference();
                String name = folded(reference).replaceAll("<.*", "").replace(" ", "");
                add("base", at + ", " + number++, name, null, "", "text", folded(reference));
            }
        }

        void superCall(KtSuperTypeCallEntry entry) {
            KtSimpleNameExpression name = entry.getCalleeExpression().getConstructorReferenceExpression();
            if (name != null) addCall(name, name.getText(), "constructor", entry.getValueArguments().size(), false);
        }

        /** The body of an entry of an enum is a class of the entry's name. */
        void entry(KtEnumEntry entry) {
            KtClassBody body = entry.getBody();
            for (PsiElement each = entry.getFirstChild(); each != null; each = each.getNextSibling()) {
                if (each != body) visit(each);
            }
            if (body == null) return;
            String name = entry.getNameIdentifier().getText();
            String at = place(body.getTextRange().getStartOffset());
            add("class", at + ", " + place(end(body)), name, qualified(name), "", "kind", "class");
            String base = scopes.getLast().name();
            add("base", at + ", 0", base, null, "", "text", base);
            within('c', name, body);
        }

        void call(KtCallExpression call) {
            PsiElement callee = call.getCalleeExpression();
            while (callee instanceof KtParenthesizedExpression) callee = ((KtParenthesizedExpression) callee).getExpression();
            if (!(callee instanceof KtNameReferenceExpression)) return;
            PsiElement around = call.getParent();
            boolean isMethod = around instanceof KtQualifiedExpression
                && ((KtQualifiedExpression) around).getSelectorExpression() == call;
            String name = callee.getText();
            addCall(callee, name, isMethod ? "method" : "function", call.getValueArguments().size(),
                !isMethod && classes.contains(name));
        }

        void infix(KtBinaryExpression expression) {
            KtOperationReferenceExpression operation = expression.getOperationReference();
            if (operation.getReferencedNameElementType() == KtTokens.IDENTIFIER) {
                addCall(operation, operation.getText(), "method", 1, false);
            }
        }

        void delegation(KtConstructorDelegationCall call) {
            if (call.isImplicit()) return;
            PsiElement name = call.getCalleeExpression();
            addCall(name, name.getText(), "constructor", call.getValueArguments().size(), false);
        }

        void addCall(PsiElement at, String name, String kind, int count, boolean isOfUnknownKind) {
            List<String> unknown = new ArrayList<>();
            if (isOfUnknownKind) unknown.add("\"kind\"");
            List<Scope> open = new ArrayList<>(scopes);
            int last = open.size() - 1;
            while (last >= 0 && open.get(last).kind() != 'f') last--;
            // What a class inside a function calls outside its methods belongs to no function that is named.
            if (last >= 0 && last < open.size() - 1) unknown.add("\"function\"");
            String function = open.subList(0, last + 1).stream().map(Scope::name).collect(Collectors.joining("."));
            add("call", place(at.getTextRange().getStartOffset()), name, null, String.join(", ", unknown),
                "kind", kind, "function", function, "arguments", Integer.toString(count));
        }

        void imports(KtImportDirective directive) {
            KtExpression path = directive.getImportedReference();
            if (path == null) return;
            String module = path.getText().replaceAll("\\s", "");
            if (directive.isAllUnder()) {
                int star = text.indexOf('*', end(path));
                add("import", place(star), "", module, "", "kind", "wildcard");
                return;
            }
            int dot = path.getText().lastIndexOf('.');
            String name = path.getText().substring(dot + 1).trim();
            KtImportAlias alias = directive.getAlias();
            String written = alias == null ? "" : alias.getNameIdentifier().getText();
            add("import", place(end(path) - name.length()), name, dot < 0 ? "" : module.substring(0, module.lastIndexOf('.')), "",
                "kind", "name", "alias", written);
        }
    }
}
