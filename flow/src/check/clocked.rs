//! The critical path of a clocked design, to compare with.

use super::launch::{Endpoints, Launches};
use super::paths::{Mode, RoutedChip, Step};
use super::policy::Untold;
use super::roles::Roles;
use crate::routed::Routed;
use crate::sdf::Time;
use wheatstone_hdl::Corner;

/// The slowest path from flip-flop to flip-flop under the board's clock, setup included, among those whose names begin with
/// `prefix`, in the slow corner, and its steps. Skew of the global network counts as nextpnr tells it.
///
/// Nothing if there is no such path.
pub fn critical_path(routed: &Routed, prefix: &str) -> Option<(Time, Vec<Step>)> {
    let mut roles = Roles::of_clock(routed)?;
    let island = roles.island();
    roles.domains[island.0].flops.retain(|flop| routed.cell(flop.cell).name.starts_with(prefix));
    let chip = RoutedChip::new(routed, roles, Untold::default());
    let endpoints = Endpoints::of(&chip);
    let launches = Launches::of(&chip, &endpoints, Mode { corner: Corner::Max, late: true });
    let arrivals = launches.domain(island).rising.data.iter();
    let needed = arrivals.map(|(&number, &arrival)| {
        let at = &endpoints.list[number];
        (arrival + at.setup.max - launches.clock(at), at.pin)
    });
    let (time, pin) = needed.max()?;
    let clocks = chip.clocks(chip.roles.domain(island), launches.mode);
    Some((time, chip.launched(island, &clocks, super::paths::Launching::Rising).path(routed, pin)))
}
