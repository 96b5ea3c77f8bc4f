//! The house rules, held: floors, storeys, no circles, rooms for `unsafe`, no Python below its floor, names, lengths.
//! Every rule is a function over text, so that it is shown to catch what it is there for.

#![cfg(not(miri))]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use reading::{Token, code_only, modules_of, named, tokens};
use rstest::rstest;

#[path = "architecture/proofs.rs"]
mod proofs;
#[path = "architecture/reading.rs"]
mod reading;

/// The rooms from the ground up. A room may name rooms further down; neighbours do not know each other.
/// What is at the bottom, errors and locks, is the ground on which floor 0 stands.
const FLOORS: [&[&str]; 9] = [
    &["error", "sync"],
    &["dtype", "layout"],
    &["memory", "registry"],
    &["view"],
    &["kernel"],
    &["audio"],
    &["dsp"],
    &["files"],
    &["python"],
];

/// The storeys of `python` from the ground up: its own files, then these folders. The rule of floors holds for them.
const STOREYS: [&[&str]; 3] = [&["exchange"], &["array", "files"], &["api"]];

/// Where `unsafe` may stand: these files and what lies below them.
const UNSAFE_ROOMS: [&str; 5] = [
    "memory",
    "view",
    "kernel/arch",
    "kernel/workers",
    "python/exchange",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "util", "common", "helpers", "helper", "types", "misc", "stuff",
];

const TOP_LEVEL: [&str; 13] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES.txt",
    "bench",
    "docs",
    "pyproject.toml",
    "python",
    "src",
    "tests",
];

const MAX_LINES: usize = 500;

/// What breaks a rule, and where.
#[derive(Debug, PartialEq)]
struct Finding {
    place: String,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}", self.place, self.what)
    }
}

fn finding(file: &str, line: usize, what: impl Into<String>) -> Finding {
    let (place, what) = (format!("{file}:{line}"), what.into());
    Finding { place, what }
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// A macro that a room exports stands at the root, but belongs to its room.
fn exported_macros(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let exported = |window: &&[Token]| {
        let texts: Vec<&str> = window.iter().map(|token| token.text.as_str()).collect();
        texts.starts_with(&["macro_export", "]", "macro_rules", "!"])
    };
    tokens
        .windows(5)
        .filter(exported)
        .map(|window| window[4].text.clone())
        .collect()
}

/// What room `own` may say of room `other`, both of this many floors from the ground up.
fn step(own: (&str, usize), other: (&str, usize)) -> Option<String> {
    if other.0 == own.0 || other.1 < own.1 {
        None
    } else if other.1 == own.1 {
        Some(format!("{} names its neighbour {}", own.0, other.0))
    } else {
        Some(format!("{} names {}, which stands above", own.0, other.0))
    }
}

/// A file names only what stands on lower floors. `macros` are the exported ones with their rooms.
fn floors(file: &str, text: &str, macros: &[(String, String)]) -> Vec<Finding> {
    let modules = modules_of(file);
    let Some(room) = modules.first() else {
        return Vec::new(); // lib.rs
    };
    let Some(floor) = floor_of(room) else {
        let what = format!("the room {room} stands on no floor");
        return vec![finding(file, 1, what)];
    };
    let mut found = Vec::new();
    for (line, path) in named(file, text) {
        let Some(first) = path.first() else { continue };
        let home = macros.iter().find(|(name, _)| name == first);
        let other = home.map_or(first.as_str(), |(_, room)| room);
        let what = match floor_of(other) {
            Some(above) => step((room, floor), (other, above)),
            None => Some(format!("`{other}` is no room")),
        };
        found.extend(what.map(|what| finding(file, line, what)));
    }
    found.dedup();
    found
}

/// The storey of a path below `python`, and its name. None for `python.rs` itself, which lists them all.
fn storey_of(path: &[String]) -> Option<(&str, usize)> {
    let ["python", room, ..] = path.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return None;
    };
    let above = STOREYS.iter().position(|rooms| rooms.contains(&room));
    Some(above.map_or(("ground", 0), |above| (room, above + 1)))
}

/// A file of `python` names only what stands on lower storeys.
fn storeys(file: &str, text: &str) -> Vec<Finding> {
    let modules = modules_of(file);
    let Some(own) = storey_of(&modules) else {
        return Vec::new();
    };
    let found = named(file, text).into_iter().filter_map(|(line, path)| {
        let what = step(own, storey_of(&path)?)?;
        Some(finding(file, line, what))
    });
    found.collect()
}

/// The files that a file names, each once; but none of the folders that it stands in: it may know their faces.
fn names_files<'a>(file: &str, text: &str, all: &'a [(String, String)]) -> BTreeSet<&'a str> {
    let own = modules_of(file);
    let of_path = |(_, path): (usize, Vec<String>)| {
        (1..=path.len()).rev().find_map(|length| {
            let home = format!("src/{}.rs", path[..length].join("/"));
            let found = all.iter().find(|(name, _)| *name == home)?;
            Some((found.0.as_str(), path[..length].to_vec()))
        })
    };
    let found = named(file, text).into_iter().filter_map(of_path);
    found
        .filter(|(_, path)| !own.starts_with(path))
        .map(|(name, _)| name)
        .collect()
}

/// No two files import each other, directly or around others.
fn circles(all: &[(String, String)]) -> Vec<Finding> {
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = all
        .iter()
        .map(|(file, text)| (file.as_str(), names_files(file, text, all)))
        .collect();
    let mut found = Vec::new();
    loop {
        // What names nothing that is left stands in no circle.
        let left: BTreeSet<&str> = arrows.keys().copied().collect();
        for named in arrows.values_mut() {
            named.retain(|file| left.contains(file));
        }
        arrows.retain(|_, named| !named.is_empty());
        if arrows.len() < left.len() {
            continue;
        }
        let Some(start) = arrows.keys().next() else {
            return found;
        };
        let mut way = vec![*start];
        let round = loop {
            let next = *arrows[way[way.len() - 1]].first().unwrap();
            if let Some(at) = way.iter().position(|file| *file == next) {
                break way.split_off(at);
            }
            way.push(next);
        };
        let what = format!("a circle: {} -> {}", round.join(" -> "), round[0]);
        found.push(finding(round[0], 1, what));
        // One arrow is taken out, so that the next circle is found.
        let last = round[round.len() - 1];
        arrows.get_mut(last).unwrap().remove(round[0]);
    }
}

fn in_room(file: &str, room: &str) -> bool {
    let rest = file
        .strip_prefix("src/")
        .and_then(|path| path.strip_prefix(room));
    rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// `unsafe`, and the permission for it, only in the rooms that are there for it.
fn unsafe_rooms(file: &str, text: &str) -> Vec<Finding> {
    if UNSAFE_ROOMS.iter().any(|room| in_room(file, room)) {
        return Vec::new();
    }
    let (mut found, mut level) = (Vec::new(), String::new());
    for Token { line, text } in tokens(text) {
        match text.as_str() {
            "allow" | "warn" | "expect" | "deny" | "forbid" => level = text,
            "unsafe" => found.push(finding(file, line, "`unsafe` outside its rooms")),
            "unsafe_code" if level != "deny" && level != "forbid" => {
                found.push(finding(
                    file,
                    line,
                    format!("`{level}(unsafe_code)` outside its rooms"),
                ));
            }
            _ => {}
        }
    }
    found
}

/// No interpreter below the floor of Python.
fn no_python_below(file: &str, text: &str) -> Vec<Finding> {
    if in_room(file, "python") {
        return Vec::new();
    }
    tokens(text)
        .into_iter()
        .filter(|token| ["pyo3", "numpy", "pyo3_ffi"].contains(&token.text.as_str()))
        .map(|token| {
            finding(
                file,
                token.line,
                format!("{} below the floor of Python", token.text),
            )
        })
        .collect()
}

/// `lib.rs` is the front door and the list of modules, no code.
fn only_modules(file: &str, text: &str) -> Vec<Finding> {
    let allowed = |line: &str| {
        let line = line.trim();
        let start = ["mod ", "pub mod ", "pub use ", "#[", "#!["]
            .iter()
            .any(|start| line.starts_with(start));
        line.is_empty() || start && (line.ends_with(';') || line.ends_with(']'))
    };
    let code = code_only(text);
    let others = code.lines().enumerate().filter(|(_, line)| !allowed(line));
    others
        .map(|(i, line)| finding(file, i + 1, format!("`{}` is no module", line.trim())))
        .collect()
}

/// A name says what is inside.
fn telling_name(file: &str) -> Vec<Finding> {
    let stems = file
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    let empty = stems.filter(|stem| EMPTY_NAMES.contains(stem));
    empty
        .map(|stem| {
            finding(
                file,
                1,
                format!("`{stem}` says nothing about what is inside"),
            )
        })
        .collect()
}

/// Types of one name, but for those that stand in for std's.
fn repeated_types(all: &[(String, String)]) -> Vec<Finding> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for (file, text) in all.iter().filter(|(file, _)| !file.ends_with("sync.rs")) {
        for (number, line) in text.lines().enumerate() {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let kinds = ["struct ", "enum ", "trait ", "type "];
            let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind));
            let name = rest.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
            if let Some(name) = name
                && let Some(other) = first.insert(name, file)
            {
                let what = format!("{name} is a type of {other} too");
                found.push(finding(file, number + 1, what));
            }
        }
    }
    found
}

fn not_too_long(file: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    let what = format!("{lines} lines, at most {MAX_LINES}");
    let long = (lines > MAX_LINES).then(|| finding(file, MAX_LINES + 1, what));
    long.into_iter().collect()
}

/// Exactly the agreed names at the top, and dotfiles.
fn top_level(names: &BTreeSet<String>) -> Vec<Finding> {
    let agreed: BTreeSet<String> = TOP_LEVEL.map(String::from).into();
    let more = names
        .difference(&agreed)
        .filter(|name| !name.starts_with('.'));
    let more = more.map(|name| finding(name, 1, "not one of the agreed names at the top level"));
    let missing = agreed
        .difference(names)
        .map(|name| finding(name, 1, "missing at the top level"));
    more.chain(missing).collect()
}

/// The core's own tests do without an interpreter, and so does the core without its feature.
fn python_is_optional(file: &str, manifest: &str) -> Vec<Finding> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line.into();
        }
        let name = line.split(['=', ' ', '.']).next().unwrap_or("");
        let in_section = section.contains("pyo3") || section.contains("numpy");
        let named = ["pyo3", "numpy"].contains(&name) || in_section && line == section;
        if !named {
            continue;
        }
        if section.contains("dev-dependencies") {
            found.push(finding(
                file,
                index + 1,
                format!("{name} is a dependency of the tests"),
            ));
        } else if section == "[dependencies]" && !line.contains("optional = true") {
            found.push(finding(file, index + 1, format!("{name} is not optional")));
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below some folders, as `folder/file`, with its text.
fn files(folders: &[&str], ending: &str) -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_string();
            if path.is_dir() && !name.ends_with("__pycache__") {
                open.push(path);
            } else if name.ends_with(ending) {
                found.push((name, std::fs::read_to_string(path).unwrap_or_default()));
            }
        }
    }
    assert!(
        !found.is_empty(),
        "no file ends with {ending} in {folders:?}"
    );
    found
}

fn sources() -> Vec<(String, String)> {
    files(&["src"], ".rs")
}

fn hold(rule: &str, found: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = found
        .into_iter()
        .map(|finding| finding.to_string())
        .collect();
    assert!(lines.is_empty(), "{rule}:\n{}", lines.join("\n"));
}

#[test]
fn a_file_names_only_what_stands_on_lower_floors() {
    let sources = sources();
    let of_file = |(file, text): &(String, String)| {
        let room = modules_of(file).into_iter().next().unwrap_or_default();
        exported_macros(text)
            .into_iter()
            .map(move |name| (name, room.clone()))
            .collect::<Vec<_>>()
    };
    let macros: Vec<(String, String)> = sources.iter().flat_map(of_file).collect();
    let found = sources
        .iter()
        .flat_map(|(file, text)| floors(file, text, &macros));
    hold(
        "a file may name only what stands on strictly lower floors",
        found,
    );
}

#[rstest]
#[case("unsafe code has four rooms, and a fifth is a decision", unsafe_rooms)]
#[case("a file of python names only what stands on lower storeys", storeys)]
#[case("pyo3 and numpy belong to the floor of Python", no_python_below)]
#[case("a file past 500 lines becomes two", not_too_long)]
fn every_source_keeps(#[case] rule: &str, #[case] check: fn(&str, &str) -> Vec<Finding>) {
    hold(
        rule,
        sources().iter().flat_map(|(file, text)| check(file, text)),
    );
}

#[test]
fn no_two_files_import_each_other() {
    hold("no circle of imports between files", circles(&sources()));
}

#[test]
fn no_two_types_have_one_name() {
    hold("one name a type", repeated_types(&sources()));
}

#[test]
fn no_test_or_benchmark_is_too_long() {
    let all = files(&["tests", "bench"], "");
    hold(
        "a file past 500 lines becomes two",
        all.iter().flat_map(|(f, t)| not_too_long(f, t)),
    );
}

#[test]
fn every_name_says_what_is_inside() {
    let all = files(&["src", "tests", "bench", "python"], "");
    hold(
        "a name says what is inside",
        all.iter().flat_map(|(file, _)| telling_name(file)),
    );
}

#[test]
fn the_crate_is_a_list_of_modules_and_python_is_optional() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    hold(
        "lib.rs is the list of modules",
        only_modules("src/lib.rs", &read("src/lib.rs")),
    );
    let found = python_is_optional("Cargo.toml", &read("Cargo.toml"));
    hold("the core builds and tests without Python", found);
}

/// What git knows, or without git what is there and not ignored.
#[test]
fn the_top_level_is_as_agreed() {
    let listed = Command::new("git")
        .arg("ls-files")
        .current_dir(root())
        .output();
    let listed = listed.map(|output| String::from_utf8(output.stdout).unwrap());
    let ignored = std::fs::read_to_string(root().join(".gitignore")).unwrap_or_default();
    let names: BTreeSet<String> = match listed {
        Ok(listed) if !listed.is_empty() => listed
            .lines()
            .map(|path| path.split('/').next().unwrap().to_string())
            .collect(),
        _ => std::fs::read_dir(root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !ignored.lines().any(|line| line.trim_matches('/') == name))
            .collect(),
    };
    hold("the top level is exactly as agreed", top_level(&names));
}
