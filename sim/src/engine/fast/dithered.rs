//! Dithered conductances: two edge lists, one for each wave, since the waves have different conductances.
//!
//! Each list has its turns in its own wave only. The first keeps what both have in common: accumulators of edges and all
//! generators.

use super::Layout;
use super::general::{General, moved_by};
use crate::nudge::{dither_sign, loss, told};
use crate::{Configuration, Design, Sample, State, Wave};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Dithered {
    design: Arc<Design>,
    /// By wave.
    lists: [General; 2],
    /// In LSB of `g`.
    dither: i64,
}

impl Dithered {
    /// The layout of a design whose conductances are dithered by so much, before it has a state.
    pub(super) fn new(design: Arc<Design>, dither: i64) -> Dithered {
        let list = General::new(Arc::clone(&design));
        Dithered { design, lists: [list.clone(), list], dither }
    }

    /// Voltages of one wave, by node.
    pub(super) fn voltages(&self, wave: Wave) -> &[i32] {
        self.lists[wave.index()].voltages(wave)
    }

    /// Gives both lists their conductances, dithered where there is a target.
    fn set_conductances(&mut self) {
        let design = Arc::clone(&self.design);
        let (network, format) = (design.network(), design.format());
        let dither = if self.lists[0].targets.iter().any(Option::is_some) { self.dither } else { 0 };
        for (index, edge) in network.edges().iter().enumerate() {
            let g = format.conductance(self.lists[0].k[index]);
            let dither = if network.groups()[edge.group.index()].frozen { 0 } else { dither };
            let change = dither * dither_sign(self.lists[0].generators[index]);
            for (list, change) in self.lists.iter_mut().zip([change, -change]) {
                let g = if change == 0 {
                    g
                } else {
                    (g + change).clamp(design.rules().g_min.into(), format.g_max())
                };
                list.set_conductance(index, g);
            }
        }
        self.lists.iter_mut().for_each(General::update_gains);
    }

    /// The turn of a colour in one wave; its generators of noise are those of the other wave too.
    fn turn<const NOISY: bool>(&mut self, colour: u8, wave: Wave) {
        let [free, clamped] = &mut self.lists;
        let (own, other) = match wave {
            Wave::Free => (free, clamped),
            Wave::Clamped => (clamped, free),
        };
        own.turn::<NOISY>(colour, wave);
        if NOISY {
            other.copy_noise(own, colour);
        }
    }

    fn relax_some<const NOISY: bool>(&mut self, steps: u32) {
        let (colours, lag) = (self.design.network().colouring().count(), self.design.features().waves.lag());
        for _ in 0..steps {
            let phase = self.lists[0].phase;
            self.turn::<NOISY>(phase, Wave::Free);
            self.turn::<NOISY>(phase.checked_sub(lag).unwrap_or(colours - 1), Wave::Clamped);
            self.lists.iter_mut().for_each(|list| list.phase = (phase + 1) % colours);
        }
    }

    /// By how much wave F's loss exceeds wave C's, as edges are told.
    fn loss_difference(&self) -> i64 {
        let of = |wave: Wave| -> i64 {
            let v = |node: &crate::network::NodeId| self.voltages(wave)[node.index()].into();
            let outputs = self.design.network().outputs().iter().zip(&self.lists[0].targets);
            outputs.filter_map(|(node, target)| target.map(|target| loss(target, v(node)))).sum()
        };
        told(of(Wave::Free) - of(Wave::Clamped), self.design.format())
    }
}

impl Layout for Dithered {
    fn load(&mut self, state: &State) {
        self.lists.iter_mut().for_each(|list| list.load(state));
        self.set_conductances();
    }

    fn state(&self) -> State {
        let [free, clamped] = [0, 1].map(|list: usize| self.lists[list].state());
        let ([u_free, _], [_, u_clamped]) = (free.u, clamped.u);
        State { u: [u_free, u_clamped], ..free }
    }

    fn present(&mut self, sample: &Sample) {
        self.lists.iter_mut().for_each(|list| list.present(sample));
        self.set_conductances();
    }

    fn relax(&mut self, steps: u32) {
        if self.design.features().temperature.is_some() {
            self.relax_some::<true>(steps);
        } else {
            self.relax_some::<false>(steps);
        }
    }

    fn learn(&mut self, configuration: &Configuration) {
        let design = Arc::clone(&self.design);
        let network = design.network();
        let range = design.format().k_range(design.rules().g_min.into());
        let difference = self.loss_difference();
        let shared = &mut self.lists[0];
        for (index, edge) in network.edges().iter().enumerate() {
            let product = -dither_sign(shared.generators[index]) * difference;
            shared.generators[index].fires(1);
            if let Some(rarity) = configuration.learning.rarity()
                && !shared.generators[index].fires(rarity)
            {
                continue;
            }
            let alpha = network.groups()[edge.group.index()].shift_of(configuration.alpha_offset, 0);
            shared.k[index] = moved_by(shared.k[index], product, alpha, range);
        }
        self.set_conductances();
    }

    fn answer(&self) -> Vec<i32> {
        self.lists[0].answer()
    }
}
