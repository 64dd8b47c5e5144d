-- What the measures mean, each with its source.
INSERT INTO metric_definitions (metric_name, metric_type, unit, description) VALUES
    ('blank_lines', 'count', 'lines', 'Lines with nothing but white space; a column of files.'),
    ('class_count', 'count', 'classes', 'Classes that the file defines, of every kind; also a column of files.'),
    ('code_lines', 'count', 'lines', 'Lines with code on them, whatever else they hold; a column of files and functions.'),
    ('cognitive_complexity', 'score', '0 and up', 'Cognitive complexity of a function: how hard its control flow is to follow. G. Ann Campbell, Cognitive Complexity, SonarSource, 2018; recursion as far as one file shows it. A column of functions.'),
    ('cognitive_complexity_total', 'score', '0 and up', 'Sum of the cognitive complexities of the file''s functions; a function inside another one counts in both.'),
    ('comment_lines', 'count', 'lines', 'Lines with nothing but comment; a column of files.'),
    ('comment_ratio', 'ratio', '0 to 1', 'Comment lines divided by comment and code lines.'),
    ('complexity', 'score', '1 and up', 'Cyclomatic complexity of a function: decisions plus one, short-circuit operators counted. T. J. McCabe, A Complexity Measure, 1976. A column of functions.'),
    ('complexity_lizard', 'score', '1 and up', 'Cyclomatic complexity as lizard 1.17.10 counts it: one plus the words if, elif, for, while, and, or, except, finally (Python) or if, for, while, case, catch, &&, ||, ? (C, C++, Go, Java, JavaScript) in the function. A column of functions; NULL where the tool knows no such function.'),
    ('complexity_mccabe', 'score', '1 and up', 'Cyclomatic complexity as mccabe 0.7.0 (flake8 C901) counts it: if, loops, handlers plus one for each try, functions inside. Python alone; NULL for functions inside others. A column of functions.'),
    ('complexity_radon', 'score', '1 and up', 'Cyclomatic complexity as radon 6.0.1 counts it: if, loops and their else, handlers and else of try, cases, comprehensions and their conditions, assert, boolean operators. Python alone. A column of functions.'),
    ('cyclomatic_complexity_max', 'score', '0 and up', 'The greatest cyclomatic complexity among the file''s functions; 0 without functions.'),
    ('cyclomatic_complexity_total', 'score', '0 and up', 'Sum of the cyclomatic complexities of the file''s functions.'),
    ('function_count', 'count', 'functions', 'Functions that the file defines, methods, named closures and function-like macros included; also a column of files.'),
    ('max_nesting', 'count', 'levels', 'Depth of the deepest control structure of a function; in metrics, of all functions of the file.'),
    ('mean_function_lines', 'ratio', 'lines', 'Lines from first to last of the file''s functions, divided by their number.'),
    ('total_lines', 'count', 'lines', 'All lines; a column of files.');
