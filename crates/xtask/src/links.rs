//! Whether the links in the documents lead anywhere.
//!
//! A link is an ordinary Markdown link. A relative one must name a file or folder of the repository; its `#anchor` must
//! be a heading of that Markdown file, a `fn` of that Rust file (so a document can point at the test that shows what
//! it claims), or `L` and a line's number. Addresses of other sites are not visited.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::Result;

/// Checks every Markdown file below `root`, and fails with all dead links.
pub(crate) fn check(root: &Path) -> Result {
    let mut documents = Vec::new();
    collect(root, &mut documents).map_err(|error| format!("cannot list the documents: {error}"))?;
    documents.sort();
    let (mut dead, mut checked) = (Vec::new(), 0);
    for document in &documents {
        let text = read(document)?;
        for link in links_in(&text) {
            checked += 1;
            if let Err(reason) = follow(&link.target, document) {
                let place = document.strip_prefix(root).unwrap_or(document).display();
                dead.push(format!("{place}:{}: {}: {reason}", link.line, link.target));
            }
        }
    }
    if dead.is_empty() {
        println!("{checked} links in {} documents lead somewhere", documents.len());
        return Ok(());
    }
    Err(format!("dead links:\n{}", dead.join("\n")))
}

/// The Markdown files below a folder; what is hidden or built is nobody's document.
fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&entry.path(), documents)?;
        } else if kind.is_file() && name.ends_with(".md") {
            documents.push(entry.path());
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Link {
    target: String,
    line: usize,
}

/// The links outside code: `[text](target)`, `![text](target "title")`, `[label]: target`.
fn links_in(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (index, line) in prose(text).iter().enumerate() {
        let mut add = |target: &str| {
            let target = target.trim().trim_start_matches('<').split(['>', ' ']).next().unwrap_or_default();
            if !is_elsewhere(target) {
                links.push(Link { target: target.to_owned(), line: index + 1 });
            }
        };
        if let Some((label, target)) = line.trim_start().split_once("]: ")
            && label.starts_with('[')
            && !label.starts_with("[^")
        {
            add(target);
            continue;
        }
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let end = after.find(')').unwrap_or(after.len());
            add(&after[..end]);
            rest = &after[end..];
        }
    }
    links
}

/// The lines with everything in fences and backticks blanked out.
fn prose(text: &str) -> Vec<String> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => {
                lines.push(without_code(line));
                continue;
            }
            _ => {}
        }
        lines.push(String::new());
    }
    lines
}

fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    // A backtick without a partner is an ordinary character.
    let paired = parts.len() - 1 - (parts.len() - 1) % 2;
    let kept = parts.iter().enumerate().filter(|(index, _)| index % 2 == 0 || *index > paired);
    kept.map(|(_, part)| *part).collect()
}

fn is_elsewhere(target: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
}

fn follow(target: &str, document: &Path) -> Result {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    if path.starts_with('/') {
        return Err("a link is relative to its document".to_owned());
    }
    let file = match path {
        "" => document.to_owned(),
        path => document.with_file_name("").join(path.replace("%20", " ")),
    };
    if !file.exists() {
        return Err("no such file".to_owned());
    }
    match anchor {
        Some(anchor) => find_anchor(anchor, &file),
        None => Ok(()),
    }
}

fn find_anchor(anchor: &str, file: &Path) -> Result {
    if file.is_dir() {
        return Err("a folder has no anchors".to_owned());
    }
    let text = read(file)?;
    if let Some(line) = anchor.strip_prefix('L').and_then(|number| number.parse::<usize>().ok()) {
        let lines = text.lines().count();
        return if (1..=lines).contains(&line) { Ok(()) } else { Err(format!("the file has {lines} lines")) };
    }
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("md") if anchors_of(&text).iter().any(|known| known == anchor) => Ok(()),
        Some("md") => Err("no such heading".to_owned()),
        Some("rs") if defines_function(&text, anchor) => Ok(()),
        Some("rs") => Err(format!("no `fn {anchor}` in the file")),
        _ => Err("only Markdown and Rust files have anchors other than #L…".to_owned()),
    }
}

fn defines_function(source: &str, name: &str) -> bool {
    let definition = format!("fn {name}");
    source.match_indices(&definition).any(|(at, _)| source[at + definition.len()..].starts_with(['(', '<']))
}

/// The anchors that code hosts give to headings: lower case, punctuation dropped, blanks as hyphens, and a number
/// where an anchor is taken. Anchors written as `<a id="…">` count too.
fn anchors_of(text: &str) -> Vec<String> {
    let mut taken = BTreeMap::<String, usize>::new();
    let mut anchors = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let explicit = line.split_once("<a id=\"").and_then(|(_, rest)| rest.split_once('"'));
        anchors.extend(explicit.map(|(id, _)| id.to_owned()));
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        if fenced || !(1..=6).contains(&hashes) || !line[hashes..].starts_with(' ') {
            continue;
        }
        let slug = slug(&line[hashes..]);
        let count = taken.entry(slug.clone()).or_default();
        anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

fn slug(heading: &str) -> String {
    let mut text = heading.trim().trim_end_matches('#').trim_end().to_lowercase();
    // Of a link only its text is seen.
    while let (Some(open), Some(middle)) = (text.find('['), text.find("](")) {
        let Some(end) = text[middle..].find(')') else { break };
        text = format!("{}{}{}", &text[..open], &text[open + 1..middle], &text[middle + end + 1..]);
    }
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{anchors_of, check, defines_function, links_in};

    #[test]
    fn links_are_found_outside_code_and_within_the_repository() {
        let text = "See [a](one.md), ![b](two.png \"title\") and `[c](code.md)`.\n\
                    ```\n[d](fenced.md)\n```\n\
                    [e]: three.md\n\
                    [f](https://example.com/) | [g](<four.md#part>)";
        let found: Vec<_> = links_in(text).into_iter().map(|link| (link.target, link.line)).collect();
        let expected = [("one.md", 1), ("two.png", 1), ("three.md", 5), ("four.md#part", 6)];
        assert_eq!(found, expected.map(|(target, line)| (target.to_owned(), line)));
    }

    #[test]
    fn headings_become_anchors_as_code_hosts_make_them() {
        let text =
            "# What `snake-pipe` is\n## A. The [load](x.md) framework\n## Twice\n## Twice\n```\n# no\n```\n";
        let expected = ["what-snake-pipe-is", "a-the-load-framework", "twice", "twice-1"];
        assert_eq!(anchors_of(text), expected);
    }

    #[test]
    fn a_function_is_known_by_its_whole_name() {
        assert!(defines_function("#[test]\nfn fence_holds() {}", "fence_holds"));
        assert!(!defines_function("fn fence_holds_twice() {}", "fence_holds"));
    }

    #[test]
    fn every_dead_link_is_listed_with_its_place() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        fs::write(root.path().join("lib.rs"), "fn a_test() {}\n").unwrap();
        let document = "# Guide\n[test](../lib.rs#a_test) [line](../lib.rs#L1) [here](#guide) [docs](../docs)\n\
                        [gone](gone.md)\n[no test](../lib.rs#b_test) [no heading](#other) [too far](../lib.rs#L9)\n";
        fs::write(root.path().join("docs/guide.md"), document).unwrap();
        assert_eq!(
            check(root.path()).unwrap_err(),
            "dead links:\n\
             docs/guide.md:3: gone.md: no such file\n\
             docs/guide.md:4: ../lib.rs#b_test: no `fn b_test` in the file\n\
             docs/guide.md:4: #other: no such heading\n\
             docs/guide.md:4: ../lib.rs#L9: the file has 1 lines"
        );
    }
}
