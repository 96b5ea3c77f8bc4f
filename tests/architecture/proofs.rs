//! The rules can fail: each is shown what it is there for.

use std::collections::BTreeSet;

use rstest::rstest;

use crate::*;

#[rstest]
#[case::upward(
    "src/layout.rs",
    "use crate::memory::Buffer;",
    "memory, which stands above"
)]
#[case::in_a_group(
    "src/memory.rs",
    "use crate::{\n  error::Error,\n  view::{self, Strided}};",
    ":3"
)]
#[case::a_neighbour(
    "src/memory/heap.rs",
    "fn f() { crate::registry::g() }",
    "neighbour registry"
)]
#[case::through_super("src/kernel.rs", "use super::audio::Audio;", "kernel names audio")]
#[case::from_inside(
    "src/kernel/arch/avx2.rs",
    "use super::super::super::audio::A;",
    "names audio"
)]
#[case::from_a_module(
    "src/dtype.rs",
    "mod a { mod b { use super::super::super::view; } }",
    "view"
)]
#[case::a_group_of_super(
    "src/view.rs",
    "use super::{error, kernel};",
    "kernel, which stands above"
)]
#[case::everything("src/view.rs", "use crate::*;", "`*` is no room")]
#[case::by_its_own_name("src/view.rs", "use audio_samples::audio;", "names audio")]
#[case::a_macro_of_another_floor("src/sync.rs", "crate::with_sample!(x)", "names dtype")]
#[case::a_room_on_no_floor("src/mixer.rs", "", "stands on no floor")]
#[case::after_a_lifetime(
    "src/dtype.rs",
    "fn f<'a>(x: &'a str) { crate::view::g('\"', '\\'') }",
    "view"
)]
fn a_step_up_is_caught(#[case] file: &str, #[case] text: &str, #[case] message: &str) {
    let macros = [("with_sample".to_string(), "dtype".to_string())];
    let found = floors(file, text, &macros);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].to_string().contains(message), "{}", found[0]);
}

#[rstest]
#[case(
    "src/view.rs",
    "use crate::memory::Buffer; // not crate::audio\n/* crate::python */"
)]
#[case(
    "src/view.rs",
    "let s = \"crate::audio\"; let r = r#\"use \"crate::kernel\"\"#;"
)]
#[case(
    "src/audio/wav/header.rs",
    "use super::format::Tag; use crate::audio::encoding;"
)]
#[case("src/kernel.rs", "mod tests { use super::*; use super::scalar; }")]
#[case(
    "src/memory.rs",
    "pub(crate) use crate::sync::Mutex; pub(super) fn f() {}"
)]
#[case("src/lib.rs", "pub mod audio;")]
fn a_step_down_is_no_finding(#[case] file: &str, #[case] text: &str) {
    assert_eq!(floors(file, text, &[]), []);
}

#[rstest]
#[case::upward(
    "src/python/class.rs",
    "use crate::python::api::methods;",
    Some("ground names api, which stands above")
)]
#[case::to_the_top(
    "src/python/exchange/buffer.rs",
    "\nuse crate::python::{class, array::operand};",
    Some(":2: exchange names array")
)]
#[case::a_neighbour(
    "src/python/files/read.rs",
    "use super::super::array::operand;",
    Some("files names its neighbour array")
)]
#[case::downward(
    "src/python/api/methods.rs",
    "use crate::python::{class, exchange::buffer};",
    None
)]
#[case::inside(
    "src/python/array/ufunc.rs",
    "use crate::python::array::operand;",
    None
)]
#[case::the_list_itself("src/python.rs", "mod api; use api::methods;", None)]
#[case::of_the_core("src/files/read.rs", "use crate::files::pcm;", None)]
fn a_step_up_the_stairs_is_caught(
    #[case] file: &str,
    #[case] text: &str,
    #[case] message: Option<&str>,
) {
    let found: Vec<String> = storeys(file, text).iter().map(Finding::to_string).collect();
    assert_eq!(found.len(), usize::from(message.is_some()), "{found:?}");
    assert!(
        found.iter().all(|found| found.contains(message.unwrap())),
        "{found:?}"
    );
}

#[rstest]
#[case::two(&[("a", "use crate::b;"), ("b", "fn f() { crate::a::g() }")], Some("src/a.rs -> src/b.rs -> src/a.rs"))]
#[case::three(&[("a", "use crate::b::{self, X};"), ("b", "use super::c;"), ("c", "use crate::a::Y;")], Some("src/c.rs -> src/a.rs"))]
#[case::through_a_face(&[("a", "mod b; use b::f;"), ("a/b", "use crate::c::g;"), ("c", "use crate::a;")], Some("src/a.rs -> src/a/b.rs -> src/c.rs"))]
#[case::siblings(&[("a", "mod b; mod c;"), ("a/b", "use super::c;"), ("a/c", "use super::{b::X};")], Some("src/a/b.rs -> src/a/c.rs"))]
#[case::a_child_and_its_face(&[("a", "mod b; pub use b::B;"), ("a/b", "use super::A; use crate::a::A;")], None)]
#[case::a_name_in_a_string(&[("a", "use crate::b;"), ("b", "// crate::a\nlet x = \"crate::a\";")], None)]
fn a_circle_is_caught(#[case] files: &[(&str, &str)], #[case] message: Option<&str>) {
    let file = |(name, text): &(&str, &str)| (format!("src/{name}.rs"), text.to_string());
    let all: Vec<_> = files.iter().map(file).collect();
    let found: Vec<String> = circles(&all).iter().map(Finding::to_string).collect();
    assert_eq!(found.len(), usize::from(message.is_some()), "{found:?}");
    assert!(
        found.iter().all(|found| found.contains(message.unwrap())),
        "{found:?}"
    );
}

#[rstest]
#[case(unsafe_rooms, "src/audio.rs", "fn f() {\n unsafe { g() }\n}", Some(2))]
#[case(unsafe_rooms, "src/registry.rs", "#![allow(unsafe_code)]", Some(1))]
#[case(
    unsafe_rooms,
    "src/kernel/archive.rs",
    "unsafe impl Send for A {}",
    Some(1)
)]
#[case(unsafe_rooms, "src/python/audio.rs", "#[unsafe(no_mangle)]", Some(1))]
#[case(unsafe_rooms, "src/kernel/arch/avx2.rs", "unsafe { g() }", None)]
#[case(
    unsafe_rooms,
    "src/audio.rs",
    "#![deny(unsafe_code)] // unsafe\n",
    None
)]
#[case(no_python_below, "src/audio.rs", "\nuse pyo3::Python;", Some(2))]
#[case(no_python_below, "src/view.rs", "fn f(x: numpy::Array) {}", Some(1))]
#[case(no_python_below, "src/python/audio.rs", "use pyo3::Python;", None)]
#[case(no_python_below, "src/registry.rs", "\"numpy\"", None)]
#[case(only_modules, "src/lib.rs", "pub mod a;\nfn f() {}", Some(2))]
#[case(only_modules, "src/lib.rs", "//! The map\n#[cfg(test)]\nmod a;", None)]
#[case(
    python_is_optional,
    "Cargo.toml",
    "[dev-dependencies]\npyo3 = \"1\"",
    Some(2)
)]
#[case(
    python_is_optional,
    "Cargo.toml",
    "[target.x.dev-dependencies.numpy]",
    Some(1)
)]
#[case(
    python_is_optional,
    "Cargo.toml",
    "[dependencies]\npyo3 = { version = \"1\" }",
    Some(2)
)]
#[case(
    python_is_optional,
    "Cargo.toml",
    "[dependencies]\npyo3 = { optional = true }",
    None
)]
fn a_broken_rule_is_caught_at_its_line(
    #[case] rule: fn(&str, &str) -> Vec<Finding>,
    #[case] file: &str,
    #[case] text: &str,
    #[case] line: Option<usize>,
) {
    let places: Vec<String> = rule(file, text)
        .into_iter()
        .map(|found| found.place)
        .collect();
    let expected: Vec<String> = line.iter().map(|line| format!("{file}:{line}")).collect();
    assert_eq!(places, expected);
}

#[test]
fn a_long_file_and_an_empty_name_are_caught() {
    assert_eq!(not_too_long("a.rs", &"\n".repeat(MAX_LINES)), []);
    assert_eq!(not_too_long("a.rs", &"\n".repeat(MAX_LINES + 1)).len(), 1);
    for name in [
        "src/utils.rs",
        "tests/common/main.rs",
        "python/audio_samples/types.py",
    ] {
        assert_eq!(telling_name(name).len(), 1, "{name}");
    }
    assert_eq!(telling_name("src/dtype.rs"), []);
}

#[test]
fn one_name_more_or_less_at_the_top_is_caught() {
    let mut names: BTreeSet<String> = TOP_LEVEL.map(String::from).into();
    names.insert(".gitignore".into());
    assert_eq!(top_level(&names), []);
    names.insert("scripts".into());
    assert_eq!(top_level(&names).len(), 1);
    names.remove("LICENSE");
    assert_eq!(top_level(&names).len(), 2);
}

#[test]
fn a_type_name_that_is_taken_is_found() {
    let file = |name: &str, text: &str| (name.to_string(), text.to_string());
    let all = [
        file("src/a.rs", "pub struct Row<'a>;\nstruct Other;"),
        file("src/b.rs", "enum Row {}\nimpl Row {}"),
    ];
    let expected = finding("src/b.rs", 1, "Row is a type of src/a.rs too");
    assert_eq!(repeated_types(&all), [expected]);
}
