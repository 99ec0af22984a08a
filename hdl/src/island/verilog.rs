//! Verilog of a rust-hdl block, fit to stand in one file with the array.
//!
//! rust-hdl emits one module for every instance, all named after their place below `top`, and numbers without a width.
//! Here equal modules are merged, every name begins with the name the top is given, and numbers have their widths, so
//! that simulators and linters find nothing to remark. What a module computes stays as it was.
//!
//! Ports of an [interface](super::ports) are ports like any other, under their own names, and an interface that is handed on
//! is one assignment for each port. Numbers that blocks call by a name are numbers.

use super::instruction;
use rust_hdl::core::ast::{Verilog, VerilogBlock, VerilogExpression, VerilogLink, VerilogStatement};
use rust_hdl::prelude::{Atom, Block, Logic, ModuleDefines, Probe, check_all};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The Verilog of `block`, whose module is called `name`; those of its parts are called `name_part`.
///
/// # Panics
/// If the block's signals are not all connected (`connect_all` comes first) or one is read before it is written.
pub fn verilog_of<B: Block>(name: &str, block: &B) -> String {
    let (modules, rest) = split(&generate(block));
    let mut names = Names { prefix: name.to_owned(), ..Names::default() };
    let mut parts: Vec<(String, String)> = modules.into_iter().collect();
    // Parts before wholes: a part's name is that of its whole and more.
    parts.sort_by_key(|(path, _)| std::cmp::Reverse(path.matches('$').count()));
    let texts: Vec<String> = parts.iter().filter_map(|(path, text)| names.take(path, text)).collect();
    let mut text = texts.join("\n");
    for line in rest {
        text += &format!("{line}\n");
    }
    text
}

/// What rust-hdl writes, without interfaces and names of numbers.
///
/// # Panics
/// As [`verilog_of`].
#[expect(clippy::expect_used, reason = "documented")]
fn generate(block: &dyn Block) -> String {
    check_all(block).expect("a block whose signals are connected and written before they are read");
    let mut flat = Flat::default();
    block.accept("top", &mut flat);
    let numbers: HashMap<&str, u64> = instruction::named().collect();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (mut text, mut word) = (String::new(), String::new());
    for c in flat.modules.defines().chars().chain(['\n']) {
        if is_part(c) {
            word.push(c);
            continue;
        }
        match numbers.get(word.as_str()) {
            Some(number) => text += &format!("32'h{number:x}"),
            None => {
                let own = word.split('$').filter(|part| !flat.interfaces.contains(*part));
                text += &own.collect::<Vec<_>>().join("$");
            }
        }
        word.clear();
        text.push(c);
    }
    text
}

/// Collects a block's modules as if it had no interfaces.
#[derive(Default)]
struct Flat {
    modules: ModuleDefines,
    interfaces: BTreeSet<String>,
}

impl Probe for Flat {
    fn visit_start_scope(&mut self, name: &str, node: &dyn Block) {
        self.modules.visit_start_scope(name, &Unlinked(node));
    }

    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.interfaces.insert(name.to_owned());
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        self.modules.visit_atom(name, signal);
    }

    fn visit_end_scope(&mut self, name: &str, node: &dyn Block) {
        self.modules.visit_end_scope(name, node);
    }
}

/// A block to look at, whose Verilog assigns what it links.
struct Unlinked<'a>(&'a dyn Block);

impl Logic for Unlinked<'_> {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        match self.0.hdl() {
            Verilog::Combinatorial(block) => Verilog::Combinatorial(unlinked(block)),
            other => other,
        }
    }
}

impl Block for Unlinked<'_> {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        self.0.has_changed()
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        self.0.accept(name, probe);
    }
}

fn unlinked(block: VerilogBlock) -> VerilogBlock {
    let assigned = |link: VerilogLink| {
        let (VerilogLink::Forward(names) | VerilogLink::Backward(names) | VerilogLink::Bidirectional(names)) =
            &link;
        let port = |owner: &str| VerilogExpression::Signal(format!("{owner}{}", names.my_name));
        let (outside, inside) = (port(&names.owner_name), port(&names.other_name));
        match link {
            VerilogLink::Forward(_) => VerilogStatement::Assignment(inside, outside),
            VerilogLink::Backward(_) => VerilogStatement::Assignment(outside, inside),
            VerilogLink::Bidirectional(_) => unreachable!("the island has no bidirectional ports"),
        }
    };
    let statements = block.into_iter().flat_map(|statement| match statement {
        VerilogStatement::Link(links) => links.into_iter().map(assigned).collect(),
        other => vec![other],
    });
    statements.collect()
}

/// The modules by their names, each without its head's `module name` and its `endmodule`, and lines outside.
fn split(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let mut modules = BTreeMap::new();
    let mut rest = Vec::new();
    let mut current: Option<(String, String)> = None;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        match &mut current {
            None => match line.strip_prefix("module ").and_then(|line| line.split_once('(')) {
                Some((name, ports)) => current = Some((name.to_owned(), format!("({ports}\n"))),
                None => rest.push(line.to_owned()),
            },
            Some((name, body)) => {
                if line == format!("endmodule // {name}") {
                    modules.extend(current.take());
                } else {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
    }
    (modules, rest)
}

/// What the modules are called.
#[derive(Default)]
struct Names {
    prefix: String,
    /// By the name rust-hdl gave.
    of_path: HashMap<String, String>,
    /// By the text, for equal modules.
    of_text: HashMap<String, String>,
    /// How many different modules wanted a name.
    wanted: BTreeMap<String, usize>,
}

impl Names {
    /// Names a module whose parts have been named, and returns its text unless an equal one has been.
    fn take(&mut self, path: &str, text: &str) -> Option<String> {
        let text = tidy(&self.rename_parts(text));
        if let Some(name) = self.of_text.get(&text) {
            self.of_path.insert(path.to_owned(), name.clone());
            return None;
        }
        let mut name = match path.rsplit_once('$') {
            None => self.prefix.clone(),
            Some(_) if is_flop(&text) => format!("{}_flop", self.prefix),
            Some((_, part)) => format!("{}_{part}", self.prefix),
        };
        let count = self.wanted.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            name = format!("{name}_v{count}");
        }
        self.of_path.insert(path.to_owned(), name.clone());
        let whole = format!("module {name} {text}endmodule\n");
        self.of_text.insert(text, name);
        Some(whole)
    }

    /// Instances begin with the name of their module.
    fn rename_parts(&self, text: &str) -> String {
        let rename = |line: &str| {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            match code.split_once(' ').and_then(|(path, rest)| Some((self.of_path.get(path)?, rest))) {
                Some((name, rest)) => format!("{indent}{name} {rest}\n"),
                None => format!("{line}\n"),
            }
        };
        text.lines().map(rename).collect()
    }
}

/// One of rust-hdl's flip-flops.
fn is_flop(text: &str) -> bool {
    ["(d,q,clock);", "(d,q,clk);"].iter().any(|ports| text.starts_with(ports))
}

/// Spaces as one writes them, no empty sections, and the widths of enumerations.
fn tidy(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| line.replace("wire  ", "wire ").replace("reg  ", "reg ")).collect();
    let mut kept = String::new();
    for line in &lines {
        if line.trim_start().starts_with("// ") {
            continue;
        }
        if let Some((name, value)) = enumerator(line) {
            let used = lines.iter().filter(|line| words(line).any(|word| word == name)).count() > 1;
            let kind = |name: &str| name.rsplit_once('$').map(|(kind, _)| kind.to_owned());
            let values = lines
                .iter()
                .filter_map(|line| enumerator(line))
                .filter(|&(other, _)| kind(other) == kind(name));
            if used {
                kept += &format!("    localparam {name} = {};\n", literal(value, width(values.count() - 1)));
            }
        } else if let (true, Some((indent, value))) = (is_flop(text), line.split_once("q = 64'h")) {
            let value = usize::from_str_radix(value.trim_end_matches(';'), 16).unwrap_or_default();
            kept += &format!("{indent}q = {};\n", literal(value, flop_width(&lines)));
        } else {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

/// The name and the value of an enumeration's `localparam`, which rust-hdl writes without a width.
fn enumerator(line: &str) -> Option<(&str, usize)> {
    let (name, value) = line.trim().strip_prefix("localparam ")?.trim_start().split_once(" = ")?;
    Some((name, value.strip_suffix(';')?.parse().ok()?))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
}

/// The bits of a flip-flop.
fn flop_width(lines: &[String]) -> u32 {
    let range = lines.iter().find_map(|line| line.trim().strip_prefix("input wire [")?.split_once(':'));
    range.and_then(|(last, _)| last.parse::<u32>().ok()).map_or(1, |last| last + 1)
}

/// The bits a number up to `last` takes.
fn width(last: usize) -> u32 {
    (usize::BITS - last.leading_zeros()).max(1)
}

fn literal(value: usize, width: u32) -> String {
    format!("{width}'d{value}")
}
