//! What the checks found, for a reader and for a file.

use serde::Serialize;
use std::fmt;

/// What is wrong at a place of the netlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A check found no object of its kind.
    NothingExamined,
    /// A flip-flop lies in no cell.
    FlopOutsideCells,
    /// A cell has no fire net of one bit.
    NoFire,
    /// Two cells have one fire net.
    SharedFire,
    /// A fire net is made from another cell's.
    FireFromFire,
    /// A fire net depends on an input of the array that is neither a request nor moves only while the array is idle.
    FireFromInput,
    /// The clock is another cell's fire net.
    ForeignClock,
    /// The clock is an input of the array.
    InputClock,
    /// The clock is some other net.
    OtherClock,
    /// Gates form a loop without a flip-flop.
    CombinationalLoop,
    /// A cell has no delay chain.
    NoDelay,
    /// A path to a fire net leaves out the delay chain.
    BypassesDelay,
    /// A fire can be high while a LUT of its delay chain is low.
    FiresEarly,
    /// The LUTs of a delay chain do not wait for each other.
    ParallelDelay,
    /// A cell has no join, or its fire does not come from one that has requests.
    NoJoin,
    /// A request reaches a fire net past the join.
    BypassesJoin,
    /// A register's data or enable depend on a request.
    LooksAtRequest,
    /// A level-sensitive storage cell.
    Latch,
    /// A cell of the library that the checks do not know.
    UnknownCell,
    /// A net with two drivers.
    TwoDrivers,
    /// An asynchronous set or reset by something other than the reset input.
    AsynchronousSet,
    /// A fire net may be put on a global buffer.
    MayBeGlobal,
    /// Synthesis may remove a LUT of a delay chain.
    MayBeRemoved,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NothingExamined => {
                "were not found, so nothing is proved; check the names of the convention"
            }
            Fault::FlopOutsideCells => "lies in no cell",
            Fault::NoFire => "is not a net of one bit that a gate of its own cell drives",
            Fault::SharedFire => "is the fire of another cell too",
            Fault::FireFromFire => "depends on another cell's fire",
            Fault::FireFromInput => "depends on an input of the array that may move while cells fire",
            Fault::ForeignClock => "is clocked by another cell's fire",
            Fault::InputClock => "is clocked by an input of the array",
            Fault::OtherClock => "is clocked by a net that is not its cell's fire",
            Fault::CombinationalLoop => "is part of a loop without a flip-flop",
            Fault::NoDelay => "has no matched delay before it",
            Fault::BypassesDelay => "reaches the fire net without passing the matched delay",
            Fault::FiresEarly => "does not hold back the fire",
            Fault::ParallelDelay => "neither waits for a LUT of its matched delay nor is waited for",
            Fault::NoJoin => "does not come from a join of requests",
            Fault::BypassesJoin => "reaches the fire net without passing the join",
            Fault::LooksAtRequest => "depends on a request from outside its cell",
            Fault::Latch => "is a latch",
            Fault::UnknownCell => "is neither a gate, nor a flip-flop, nor a delay LUT",
            Fault::TwoDrivers => "has two drivers",
            Fault::AsynchronousSet => {
                "is set or reset asynchronously by something other than the reset input"
            }
            Fault::MayBeGlobal => "lacks the attribute `noglobal`",
            Fault::MayBeRemoved => "lacks the attribute `keep`",
        })
    }
}

/// One place where a check failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// The cell of the array; empty for what lies in none.
    pub cell: String,
    /// The flip-flop, net or LUT.
    pub object: String,
    /// What is wrong with it.
    pub fault: Fault,
    /// The nets from the cause to the object.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = if self.cell.is_empty() { "array" } else { &self.cell };
        write!(f, "{cell}: {} {}", self.object, self.fault)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ": {}", self.path.join(" -> ")) }
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A name for files and commands.
    pub name: &'static str,
    /// What holds of the array if there is no violation.
    pub claim: &'static str,
    /// How many objects were examined; never 0 in a check that passed.
    pub examined: usize,
    /// What the check counted, in the plural.
    pub objects: &'static str,
    /// Where the claim does not hold, in order of the cells' names.
    pub violations: Vec<Violation>,
}

impl Check {
    /// Closes a check. One that examined nothing proves nothing, and fails.
    pub(super) fn new(
        [name, claim, objects]: [&'static str; 3],
        examined: usize,
        mut violations: Vec<Violation>,
    ) -> Check {
        if examined == 0 {
            let (cell, object) = (String::new(), objects.to_owned());
            violations.push(Violation { cell, object, fault: Fault::NothingExamined, path: Vec::new() });
        }
        violations.sort();
        violations.dedup();
        Check { name, claim, examined, objects, violations }
    }

    /// Whether the claim holds.
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }
}

/// The results of all checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each check, whether it passed or not.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether every claim holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(Check::passed)
    }

    /// Everything that is wrong.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.checks.iter().flat_map(|check| &check.violations)
    }
}

/// One line a check, and one below it for each violation.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let verdict = if check.passed() { "ok  " } else { "FAIL" };
            writeln!(
                f,
                "{verdict} {:<22} {:>7} {}: {}",
                check.name, check.examined, check.objects, check.claim
            )?;
            for violation in &check.violations {
                writeln!(f, "       {violation}")?;
            }
        }
        Ok(())
    }
}
