//! What imports what: between the crates of the workspace, and between the files of a crate; and what documents say of both.
//!
//! Dependencies point one way, and few files know each other in a circle, so that each can be read alone. Both are read from what
//! is there, not from a list kept by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod crates;
mod documents;
mod imports;

use std::path::PathBuf;

/// The most files that may import each other in a circle.
const LARGEST_CIRCLE: usize = 3;

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let metadata = crates::Metadata::of(&root());
    assert_eq!(
        metadata.members(),
        crates::LAYERS.iter().map(|layer| layer.name).collect(),
        "crates and their layers"
    );
    assert_eq!(metadata.back_arrows(), Vec::<String>::new());
    assert_eq!(metadata.forbidden(), Vec::<String>::new());
}

#[test]
fn an_arrow_that_runs_back_is_found() {
    let mut metadata = crates::Metadata::of(&root());
    metadata.add("wheatstone-sim", "wheatstone-hdl");
    assert_eq!(metadata.back_arrows(), ["wheatstone-sim depends on wheatstone-hdl"]);
    assert!(metadata.forbidden().iter().any(|found| found == "wheatstone-sim pulls in wheatstone-hdl"));
}

#[test]
fn no_circle_joins_more_than_three_files() {
    for layer in crates::LAYERS {
        let files = imports::Files::of(&root().join(layer.folder).join("src"));
        assert!(files.arrows() > 0 || files.len() < 3, "{}: nothing was read", layer.folder);
        let large: Vec<_> =
            files.circles().into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE).collect();
        assert_eq!(large, Vec::<Vec<String>>::new(), "{}", layer.folder);
    }
}

#[test]
fn a_circle_is_found_through_imports_paths_and_re_exports() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = imports::Files::parse([
        file("lib.rs", "mod a; mod b; mod c; mod d; pub use c::Handed;"),
        file("a.rs", "use crate::b::{self, Thing as Other};"),
        file("b.rs", "fn f() -> crate::Handed { todo!() }"),
        file("c/mod.rs", "mod inner; pub use inner::Handed;"),
        file("c/inner.rs", "pub struct Handed(super::super::a::A);"),
        file("d.rs", "use super::a::A; #[cfg(test)] mod tests { use crate::a::A; }"),
    ]);
    assert_eq!(files.circles(), [["a", "b", "c/inner"]]);
    let acyclic = imports::Files::parse([
        file("lib.rs", "mod a; mod b;"),
        file("a.rs", "use crate::b::Thing;"),
        file("b.rs", "pub struct Thing; #[cfg(test)] mod tests { use crate::a::A; }"),
    ]);
    assert_eq!(acyclic.circles(), Vec::<Vec<String>>::new(), "tests may look back");
}

#[test]
fn documents_name_files_that_exist() {
    let others = ["docs", "testdata", "constraints", "bitstreams", "fuzz"];
    let folders: Vec<&str> = crates::LAYERS.iter().map(|layer| layer.folder).chain(others).collect();
    assert_eq!(documents::missing(&root(), &folders), Vec::<String>::new());
}

#[test]
fn a_path_that_a_document_names_is_found() {
    let text =
        "`sim/src/{a,b}/{c,d}.rs`, `sim/NAME.rs`, `other/a.rs`, `sim`\n```\n`sim/block.rs`\n```\n`sim/e.rs`";
    let named = documents::named(text, &["sim"]);
    assert_eq!(named, ["sim/src/a/c.rs", "sim/src/a/d.rs", "sim/src/b/c.rs", "sim/src/b/d.rs", "sim/e.rs"]);
}
