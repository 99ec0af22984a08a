//! A small design and an engine that runs it.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use std::sync::Arc;
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{
    Configuration, Design, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, State,
};

pub fn design() -> Arc<Design> {
    let nudge = Nudge::Current { beta: 1, centred: false };
    let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min: 1, lowest_rail: -2048 };
    Arc::new(Design::new(layered(&[3, 4, 2], EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap())
}

pub fn configuration(learning: LearningSchedule, alpha_offset: u8) -> Configuration {
    Configuration { steps: 6, learning, alpha_offset }
}

pub fn engine(learning: LearningSchedule) -> Reference {
    let design = design();
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 3);
    Reference::new(design, configuration(learning, 0), state).unwrap()
}
