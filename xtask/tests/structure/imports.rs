//! Which file of a crate takes names from which.

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// The path of a module in its crate; the crate's root is empty.
type Module = Vec<String>;

/// The files of a crate with what they take from each other.
pub struct Files {
    names: Vec<String>,
    graph: DiGraphMap<usize, ()>,
}

/// What one file says.
#[derive(Default)]
struct File {
    /// Paths it names, from the crate's root.
    named: BTreeSet<Module>,
    /// Where the names come from that it hands on.
    handed_on: BTreeMap<String, Module>,
}

impl Files {
    /// Of a crate's `src`.
    pub fn of(source: &Path) -> Files {
        let (mut files, mut open) = (Vec::new(), vec![source.to_owned()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(source).unwrap().to_str().unwrap().to_owned();
                    files.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Files::parse(files)
    }

    /// Of texts by their paths below `src`.
    pub fn parse(texts: impl IntoIterator<Item = (String, String)>) -> Files {
        let mut files: BTreeMap<Module, File> = BTreeMap::new();
        for (path, text) in texts {
            let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            let module = module_of(&path);
            let mut reader =
                Reader { module: module.clone(), file: files.remove(&module).unwrap_or_default() };
            reader.visit_file(&syntax);
            files.insert(module, reader.file);
        }
        let modules: Vec<&Module> = files.keys().collect();
        let number = |module: &Module| modules.binary_search(&module).ok();
        let mut graph = DiGraphMap::new();
        for (from, (module, file)) in files.iter().enumerate() {
            graph.add_node(from);
            for path in &file.named {
                let source = source_of(&files, path);
                // The root only declares and hands on.
                if let Some(to) = number(&source).filter(|&to| !source.is_empty() && to != from) {
                    graph.add_edge(from, to, ());
                }
            }
            debug_assert_eq!(modules[from], module);
        }
        Files { names: modules.iter().map(|module| module.join("/")).collect(), graph }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How many arrows there are between them.
    pub fn arrows(&self) -> usize {
        self.graph.edge_count()
    }

    /// Files that take names from each other in a circle, each circle in order of names.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let circles = tarjan_scc(&self.graph).into_iter().filter(|circle| circle.len() > 1);
        let named = circles.map(|circle| {
            let mut names: Vec<String> = circle.into_iter().map(|file| self.names[file].clone()).collect();
            names.sort();
            names
        });
        named.collect()
    }
}

/// The module a file is.
fn module_of(path: &str) -> Module {
    let mut module: Module = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// The file in which the last name of a path is defined, through those that hand it on.
fn source_of(files: &BTreeMap<Module, File>, path: &Module) -> Module {
    let mut path = path.clone();
    // A name is handed on a few times at most; circles of re-exports do not compile.
    for _ in 0..8 {
        let known = (0..=path.len()).rev().find(|&length| files.contains_key(&path[..length]));
        let length = known.unwrap_or(0);
        let handed_on = path.get(length).and_then(|name| files.get(&path[..length])?.handed_on.get(name));
        let Some(source) = handed_on else {
            path.truncate(length);
            break;
        };
        let rest = path.split_off(length + 1);
        path = source.iter().cloned().chain(rest).collect();
    }
    path
}

/// Reads one file.
struct Reader {
    module: Module,
    file: File,
}

impl Reader {
    /// A path as written, from the crate's root; nothing if it begins elsewhere.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let mut base = self.module.clone();
        let mut path = path;
        match path.first()?.as_str() {
            "crate" => (base, path) = (Module::new(), &path[1..]),
            "self" => path = &path[1..],
            "super" => {
                while path.first().is_some_and(|name| name == "super") {
                    base.pop();
                    path = &path[1..];
                }
            }
            _ => return None,
        }
        base.extend(path.iter().cloned());
        Some(base)
    }

    fn read_use(&mut self, tree: &UseTree, before: &mut Vec<String>, hands_on: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.read_use(&path.tree, before, hands_on);
                before.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.read_use(tree, before, hands_on));
            }
            UseTree::Glob(_) => self.name(before, None, hands_on),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                let own = if name == "self" { None } else { Some(name.as_str()) };
                let called = own.or(before.last().map(String::as_str)).map(str::to_owned);
                let path: Vec<String> = before.iter().cloned().chain(own.map(str::to_owned)).collect();
                self.name(&path, called, hands_on);
            }
            UseTree::Rename(rename) => {
                let path: Vec<String> = before.iter().cloned().chain([rename.ident.to_string()]).collect();
                self.name(&path, Some(rename.rename.to_string()), hands_on);
            }
        }
    }

    /// A path that is imported, and what it is called here.
    fn name(&mut self, path: &[String], called: Option<String>, hands_on: bool) {
        // `use child::Name` in the parent's file: a module's file and those of its folder are one subject, told in parts, and what
        // the parent takes from its children ties nobody else to them.
        let of_child = || self.module.iter().cloned().chain(path.iter().cloned()).collect();
        match (called, self.absolute(path)) {
            (Some(called), absolute) if hands_on => {
                self.file.handed_on.insert(called, absolute.unwrap_or_else(of_child));
            }
            (_, Some(absolute)) => {
                self.file.named.insert(absolute);
            }
            (_, None) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes_of(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // What stands in a module within the file counts as the file's, with paths of its own.
        if let Some((_, items)) = &item.content {
            self.module.push(item.ident.to_string());
            items.iter().for_each(|item| self.visit_item(item));
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let hands_on = !matches!(item.vis, Visibility::Inherited);
        self.read_use(&item.tree, &mut Vec::new(), hands_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let written: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if written.len() > 1
            && let Some(absolute) = self.absolute(&written)
        {
            self.file.named.insert(absolute);
        }
        visit::visit_path(self, path);
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether it is `#[cfg(test)]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}
