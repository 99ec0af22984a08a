//! Complete layers: crossbars and layered networks.
//!
//! Nodes with the same neighbours form a *block*, and two blocks are joined completely or not at all. Such a pair is a
//! *tile*: a matrix of conductances whose columns are the lanes of a vector. Its one block is updated by adding rows
//! times voltages, its other by products of rows with a vector of voltages. What the inputs contribute does not change
//! while a sample is relaxed: it is summed once, for both waves. Where inputs are the rows and the format permits, such a tile
//! is [one of words](super::input_tile), which learns when its sums are next asked for.

use super::aligned::Aligned;
use super::exact::{BIAS, Gains, Scales, double, fits, learning_scale, unbiased, whole};
use super::input_tile::{InputTile, WordFormat};
use super::kernels::{self, Accumulators, Learner, LearningTile, Nudges};
use super::lanes::{Lanes, MOST_LANES, dispatch};
use super::team::Team;
use super::width::Token;
use super::{Layout, Start, blocks};
use crate::network::{NodeId, NodeKind};
use crate::{Configuration, Design, EdgeGenerator, Network, Sample, State, Target, Wave};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A tile has at least so many edges on average; below, the edge list is as fast.
const SMALLEST_TILE: usize = 32;

/// No such thing.
const NONE: u32 = u32::MAX;

/// Nodes with the same neighbours, side by side.
#[derive(Clone, Debug)]
struct Block {
    /// First lane.
    at: usize,
    nodes: usize,
    /// `nodes`, padded to whole vectors.
    lanes: usize,
    colour: u8,
    input: bool,
    /// Has output nodes.
    outputs: bool,
    /// Is an end of a tile in doubles.
    in_doubles: bool,
}

/// Inputs whose lanes follow each other as their ports do.
#[derive(Clone, Debug)]
struct Run {
    ports: Range<usize>,
    lane: usize,
}

/// The edges between two blocks.
#[derive(Clone, Debug)]
struct Tile {
    /// The block that lies along the lanes.
    columns: usize,
    /// The block with a row for every node.
    rows: usize,
    /// First place.
    at: usize,
    /// Learning shift of all its edges.
    alpha: i8,
}

#[derive(Clone, Debug)]
pub(super) struct Dense {
    design: Arc<Design>,
    token: Token,
    scales: Scales,
    gains: Gains,
    blocks: Vec<Block>,
    /// Those in doubles, and those of inputs in words.
    tiles: Vec<Tile>,
    input_tiles: Vec<InputTile>,
    team: Team<InputTile>,
    /// The lane of every node.
    lane_of: Vec<u32>,
    /// The inputs.
    runs: Vec<Run>,
    /// Biased, by wave.
    u: [Aligned<f64>; 2],
    v: [Aligned<f64>; 2],
    /// What the inputs contribute, and the tie, by wave; up to date, as sums of conductances and factors are, if `ready`.
    field: [Aligned<f64>; 2],
    ready: bool,
    /// The inputs show both waves the same.
    alike: bool,
    /// 0 where nothing relaxes.
    factor: Aligned<f64>,
    /// Sums of conductances: of all, and of those in doubles.
    linear: Aligned<f64>,
    in_doubles: Aligned<f64>,
    /// What an output's nudge counts in `D`.
    nudge: Aligned<f64>,
    /// Biased.
    low: Aligned<f64>,
    high: Aligned<f64>,
    /// Room for the sums of a block, and for what learning needs of every node.
    sums: Aligned<f64>,
    difference: Aligned<f64>,
    total: Aligned<f64>,
    nudges: Nudges,
    targets: Vec<Option<Target>>,
    /// Biased, by place in the tiles.
    k: Aligned<f64>,
    g: Aligned<f64>,
    /// `2^alpha` of the edges that learn, by place; empty until a learning step is desynchronous.
    drawn: Aligned<f64>,
    /// The edge at every place, those in words behind those in doubles; [`NONE`] in the padding.
    edge_at: Vec<u32>,
    generators: Vec<EdgeGenerator>,
    phase: u8,
}

impl Dense {
    /// Whether a design is made of complete layers.
    pub(super) fn suits(design: &Design) -> bool {
        fits(design) && blocks::find(design.network(), SMALLEST_TILE).is_some()
    }

    /// The layout of a design made of complete layers, and nothing for any other. So many threads share what the inputs' edges do.
    pub(super) fn new(design: &Arc<Design>, token: Token, threads: usize) -> Option<Dense> {
        let network = design.network();
        if !fits(design) {
            return None;
        }
        let found = blocks::find(network, SMALLEST_TILE)?;
        let mut blocks = place_blocks(design, &found);
        let (tiles, input_tiles) = place_tiles(design, &blocks, &found, token, threads);
        for tile in &tiles {
            (blocks[tile.columns].in_doubles, blocks[tile.rows].in_doubles) = (true, true);
        }
        let lanes = blocks.last().map_or(0, |b| b.at + b.lanes);
        let places = tiles.last().map_or(0, |t| t.at + blocks[t.columns].lanes * blocks[t.rows].nodes);
        let mut lane_of = vec![0; network.nodes().len()];
        for (block, members) in blocks.iter().zip(&found.blocks) {
            for (lane, node) in (block.at..).zip(members) {
                lane_of[node.index()] = u32::try_from(lane).ok()?;
            }
        }
        let tile_of: BTreeMap<[usize; 2], &Tile> =
            tiles.iter().map(|t| ([blocks[t.columns].at, blocks[t.rows].at], t)).collect();
        let input_tile_of = |columns: usize, row: usize| {
            input_tiles.iter().find(|t| t.columns.start == columns && t.rows.contains(&row))
        };
        let mut edge_at = vec![NONE; input_tiles.last().map_or(places, |t| t.at + t.places())];
        for (edge, ends) in (0u32..).zip(network.edges().iter().map(|e| e.ends)) {
            let place = [ends, [ends[1], ends[0]]].into_iter().find_map(|ends| {
                let starts = ends.map(|n| blocks[found.block_of[n.index()]].at);
                let [column, row] = [0, 1].map(|end| lane_of[ends[end].index()] as usize - starts[end]);
                let in_doubles = tile_of.get(&starts).map(|t| t.at + row * blocks[t.columns].lanes + column);
                in_doubles.or_else(|| {
                    let row = starts[1] + row;
                    input_tile_of(starts[0], row).map(|t| t.at + t.place(row - t.rows.start, column))
                })
            });
            edge_at[place?] = edge;
        }
        let scales = Scales::new(design);
        let mut low = Aligned::new(scales.u_range[0], lanes);
        let mut high = Aligned::new(scales.u_range[1], lanes);
        let mut nudge = Aligned::new(0.0, lanes);
        for (node, &lane) in network.nodes().iter().zip(&lane_of) {
            [low[lane as usize], high[lane as usize]] =
                node.clamp.limits(design.format().u_range()).map(|u| double(u) + BIAS);
            if node.kind.is_nudged() {
                nudge[lane as usize] = scales.nudge;
            }
        }
        let zeros = Aligned::new(0.0, lanes);
        let biased = Aligned::new(BIAS, lanes);
        Some(Dense {
            token,
            gains: Gains::new(design),
            u: [biased.clone(), biased],
            v: [zeros.clone(), zeros.clone()],
            field: [zeros.clone(), zeros.clone()],
            ready: false,
            alike: false,
            factor: zeros.clone(),
            linear: zeros.clone(),
            in_doubles: zeros.clone(),
            nudge,
            low,
            high,
            sums: zeros.clone(),
            difference: zeros.clone(),
            total: zeros,
            nudges: Nudges::new(lanes),
            targets: vec![None; network.outputs().len()],
            k: Aligned::new(scales.k_range[0], places),
            g: Aligned::new(scales.conductance(scales.k_range[0]), places),
            drawn: Aligned::new(0.0, 0),
            scales,
            blocks,
            team: Team::new(threads.min(input_tiles.len())),
            tiles,
            input_tiles,
            runs: runs(network, &lane_of),
            lane_of,
            edge_at,
            generators: vec![EdgeGenerator::new(1); network.edges().len()],
            phase: 0,
            design: Arc::clone(design),
        })
    }

    /// Sums what the inputs contribute to the waves, and conductances; looks up gains.
    #[inline(always)]
    fn make_ready<L: Lanes>(&mut self, lanes: L) {
        let waves = if self.alike { 1 } else { 2 };
        for tile in &mut self.input_tiles {
            self.v[..waves].iter().for_each(|v| tile.show(v));
        }
        self.team.run(&mut self.input_tiles);
        for block in self.blocks.iter().filter(|block| !block.input) {
            let at = block.at..block.at + block.lanes;
            self.linear[at.clone()].copy_from_slice(&self.in_doubles[at.clone()]);
            self.field.iter_mut().for_each(|field| field[at.clone()].fill(self.scales.tie));
        }
        self.input_tiles.iter().for_each(|tile| tile.add_linear(&mut self.linear));
        for wave in 0..2 {
            if wave == 1 && self.alike {
                let [free, clamped] = &mut self.field;
                for block in self.blocks.iter().filter(|block| !block.input) {
                    let at = block.at..block.at + block.lanes;
                    clamped[at.clone()].copy_from_slice(&free[at]);
                }
                break;
            }
            for tile in &self.tiles {
                let (columns, rows) = (&self.blocks[tile.columns], &self.blocks[tile.rows]);
                let g = &self.g[tile.at..][..rows.nodes * columns.lanes];
                let v = &self.v[wave];
                if rows.input && !columns.input {
                    let field = &mut self.field[wave][columns.at..][..columns.lanes];
                    kernels::add_rows(lanes, field, g, &v[rows.at..][..rows.nodes]);
                } else if columns.input && !rows.input {
                    let field = &mut self.field[wave][rows.at..][..rows.nodes];
                    kernels::add_dots(lanes, field, g, &v[columns.at..][..columns.lanes]);
                }
            }
            for tile in &self.input_tiles {
                tile.add_field(wave, &mut self.field[wave]);
            }
        }
        self.update_gains();
        self.ready = true;
    }

    /// The turn of the blocks of one colour in one wave.
    #[inline(always)]
    fn turn<L: Lanes>(&mut self, lanes: L, colour: u8, wave: Wave) {
        let w = wave.index();
        let sign = f64::from(self.design.rules().nudge.direction(wave));
        for (index, block) in self.blocks.iter().enumerate() {
            if block.input || block.colour != colour {
                continue;
            }
            let at = block.at..block.at + block.lanes;
            let sums = &mut self.sums[..block.lanes];
            sums.copy_from_slice(&self.field[w][at.clone()]);
            for tile in &self.tiles {
                let (columns, rows) = (&self.blocks[tile.columns], &self.blocks[tile.rows]);
                let g = &self.g[tile.at..][..rows.nodes * columns.lanes];
                let v = &self.v[w];
                if tile.columns == index && !rows.input {
                    kernels::add_rows(lanes, sums, g, &v[rows.at..][..rows.nodes]);
                } else if tile.rows == index && !columns.input {
                    kernels::add_dots(lanes, &mut sums[..rows.nodes], g, &v[columns.at..][..columns.lanes]);
                }
            }
            let (sums, _) = L::as_mut_simd_f64s(sums);
            if block.outputs && sign != 0.0 {
                kernels::nudge(lanes, sums, &self.v[w][at.clone()], &self.nudges, at.clone(), sign);
            }
            let nodes = Accumulators {
                u: &mut self.u[w][at.clone()],
                v: &mut self.v[w][at.clone()],
                factor: &self.factor[at.clone()],
                linear: &self.linear[at.clone()],
            };
            kernels::relax(lanes, &self.scales, sums, nodes, &self.low[at.clone()], &self.high[at]);
        }
        if let Some(eta) = self.design.rules().nudge.imposed(wave) {
            self.nudge_clamped(colour, eta);
        }
    }

    /// The outputs of a colour that coupled learning nudges; they are few.
    fn nudge_clamped(&mut self, colour: u8, eta: u8) {
        let network = self.design.network();
        let v_guard = self.design.format().v_guard();
        for (node, target) in network.outputs().iter().zip(&self.targets) {
            if let Some(target) = *target
                && network.colouring().colour(*node) == colour
            {
                let lane = self.lane_of[node.index()] as usize;
                let u = kernels::nudged(self.u[0][lane], self.v[0][lane], target, eta, v_guard);
                let u = u.clamp(self.low[lane], self.high[lane]);
                self.u[1][lane] = u;
                self.v[1][lane] = self.scales.voltage(u);
            }
        }
    }

    /// Draws which edges of a tile learn.
    fn draw(&mut self, tile: usize, rarity: u8, scale: f64) {
        if self.drawn.is_empty() {
            self.drawn = Aligned::new(0.0, self.k.len());
        }
        let end = self.tiles.get(tile + 1).map_or(self.k.len(), |next| next.at);
        for place in self.tiles[tile].at..end {
            let edge = self.edge_at[place];
            if edge != NONE {
                let fires = self.generators[edge as usize].fires(rarity);
                self.drawn[place] = if fires { scale } else { 0.0 };
            }
        }
    }

    /// Every edge learns, and the sums of conductances are taken anew.
    #[inline(always)]
    fn learn_edges<L: Lanes>(&mut self, lanes: L, configuration: &Configuration) {
        if !self.ready {
            self.make_ready(lanes);
        }
        for block in self.blocks.iter().filter(|block| block.in_doubles) {
            let at = block.at..block.at + block.lanes;
            let [free, clamped] = [0, 1].map(|wave: usize| &self.v[wave][at.clone()]);
            let (difference, total) = (&mut self.difference[at.clone()], &mut self.total[at]);
            for (((difference, total), f), c) in difference.iter_mut().zip(total).zip(free).zip(clamped) {
                (*difference, *total) = (f - c, f + c);
            }
        }
        self.in_doubles.fill(0.0);
        for index in 0..self.tiles.len() {
            let alpha = i32::from(self.tiles[index].alpha) + i32::from(configuration.alpha_offset);
            let (scale, tie) = learning_scale(alpha);
            let drawn = if let Some(rarity) = configuration.learning.rarity() {
                self.draw(index, rarity, scale);
                true
            } else {
                false
            };
            self.learn_tile(lanes, index, scale, tie, drawn);
        }
        let alike = self.alike;
        let voltages = [&*self.v[0], &*self.v[1]];
        for tile in &mut self.input_tiles {
            let alpha = i32::from(tile.alpha) + i32::from(configuration.alpha_offset);
            let rarity = configuration.learning.rarity();
            if rarity.is_none() && alike && tile.learn_later(voltages, alpha) {
                continue;
            }
            let edges = &self.edge_at[tile.at..];
            let generators = &mut self.generators;
            tile.learn_plainly(voltages, alpha, |place| {
                rarity.is_none_or(|rarity| generators[edges[place] as usize].fires(rarity))
            });
        }
    }

    #[inline(always)]
    fn learn_tile<L: Lanes>(&mut self, lanes: L, index: usize, scale: f64, tie: f64, drawn: bool) {
        let tile = &self.tiles[index];
        let (columns, rows) = (&self.blocks[tile.columns], &self.blocks[tile.rows]);
        let span = tile.at..tile.at + rows.nodes * columns.lanes;
        let lanes_of = |block: &Block, count: usize| {
            [&self.difference, &self.total].map(|x| &x[block.at..block.at + count])
        };
        let mut learning = LearningTile {
            k: &mut self.k[span.clone()],
            g: &mut self.g[span.clone()],
            scale,
            drawn: if drawn { &self.drawn[span] } else { &[] },
            columns: lanes_of(columns, columns.lanes),
            rows: lanes_of(rows, rows.nodes),
        };
        let learner = Learner::new(lanes, &self.scales, tie);
        let by_row = &mut self.sums[..rows.nodes];
        by_row.fill(0.0);
        let by_column = &mut self.in_doubles[columns.at..][..columns.lanes];
        learning.learn(learner, by_column, (!rows.input).then_some(&mut *by_row));
        if !rows.input {
            for (row, &sum) in by_row.iter().enumerate() {
                // The padding learns as well; nobody is to see it.
                let end = tile.at + (row + 1) * columns.lanes;
                let padding: f64 = self.g[end + columns.nodes - columns.lanes..end].iter().sum();
                self.in_doubles[rows.at + row] += sum - padding;
            }
        }
    }

    /// Looks up the gains of all nodes that relax.
    fn update_gains(&mut self) {
        for block in self.blocks.iter().filter(|block| !block.input) {
            for lane in block.at..block.at + block.nodes {
                self.factor[lane] = self.gains.factor(self.linear[lane] + self.nudge[lane]);
            }
        }
    }
}

/// Gives every block its lanes.
fn place_blocks(design: &Design, found: &blocks::Blocks) -> Vec<Block> {
    let network = design.network();
    let mut at = 0;
    let place = |members: &Vec<NodeId>| {
        let any = |of: fn(NodeKind) -> bool| members.iter().any(|n| of(network.nodes()[n.index()].kind));
        let block = Block {
            at,
            nodes: members.len(),
            lanes: members.len().next_multiple_of(MOST_LANES),
            colour: network.colouring().colour(members[0]),
            input: any(|kind| !kind.relaxes()),
            outputs: any(NodeKind::is_nudged),
            in_doubles: false,
        };
        at += block.lanes;
        block
    };
    found.blocks.iter().map(place).collect()
}

/// The inputs in as few runs as possible.
fn runs(network: &Network, lane_of: &[u32]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (port, node) in network.inputs().iter().enumerate() {
        let lane = lane_of[node.index()] as usize;
        match runs.last_mut() {
            Some(run) if run.lane + run.ports.len() == lane => run.ports.end += 1,
            _ => runs.push(Run { ports: port..port + 1, lane }),
        }
    }
    runs
}

/// Gives every tile its places, and decides which of its blocks lies along the lanes, and which tiles are of words. The rows of
/// these are divided among threads.
fn place_tiles(
    design: &Design,
    blocks: &[Block],
    found: &blocks::Blocks,
    token: Token,
    threads: usize,
) -> (Vec<Tile>, Vec<InputTile>) {
    // Vectors to multiply, and for a block with rows that relaxes the sum over each row.
    let cost = |columns: &Block, rows: &Block| {
        rows.nodes * (columns.lanes + if rows.input { 0 } else { 3 * MOST_LANES })
    };
    let words = WordFormat::of(design);
    let (mut tiles, mut of_inputs) = (Vec::new(), Vec::new());
    let mut at = 0;
    for tile in &found.tiles {
        let [a, b] = tile.blocks;
        let straight = cost(&blocks[a], &blocks[b]) <= cost(&blocks[b], &blocks[a]);
        let [columns, rows] = if straight { [a, b] } else { [b, a] };
        if words.is_some() && blocks[rows].input && !blocks[columns].input {
            of_inputs.push((columns, rows, tile.alpha));
        } else {
            tiles.push(Tile { columns, rows, at, alpha: tile.alpha });
            at += blocks[columns].lanes * blocks[rows].nodes;
        }
    }
    let mut input_tiles = Vec::new();
    for (format, (columns, rows, alpha)) in words.into_iter().cycle().zip(of_inputs) {
        let lanes = |block: &Block| block.at..block.at + block.nodes;
        let (rows, columns) = (lanes(&blocks[rows]), lanes(&blocks[columns]));
        // In pairs, as they are multiplied.
        let share = rows.len().div_ceil(threads).next_multiple_of(2);
        for first in rows.clone().step_by(share) {
            let rows = first..rows.end.min(first + share);
            let tile = InputTile::new(token, format, rows, columns.clone(), alpha, at);
            at += tile.places();
            input_tiles.push(tile);
        }
    }
    (tiles, input_tiles)
}

impl Layout for Dense {
    fn load(&mut self, state: &State) {
        let network = self.design.network();
        for (wave, u) in state.u.iter().enumerate() {
            for (&u, &lane) in u.iter().zip(&self.lane_of) {
                let u = double(u) + BIAS;
                self.u[wave][lane as usize] = u;
                self.v[wave][lane as usize] = self.scales.voltage(u);
            }
        }
        let shown = |wave: usize| network.inputs().iter().map(move |n| state.u[wave][n.index()]);
        self.alike = shown(0).eq(shown(1));
        self.in_doubles.fill(0.0);
        for (place, (k, g)) in self.k.iter_mut().zip(&mut *self.g).enumerate() {
            if let Some(edge) = network.edges().get(self.edge_at[place] as usize) {
                *k = double(state.k[self.edge_at[place] as usize]) + BIAS;
                *g = self.scales.conductance(*k);
                for end in edge.ends {
                    self.in_doubles[self.lane_of[end.index()] as usize] += *g;
                }
            }
        }
        for tile in &mut self.input_tiles {
            let edges = &self.edge_at[tile.at..];
            tile.load(|place| state.k[edges[place] as usize]);
        }
        self.generators.copy_from_slice(&state.generators);
        self.phase = state.phase;
        self.ready = false;
    }

    fn state(&self) -> State {
        let mut accumulators = vec![0; self.generators.len()];
        for (&k, &edge) in self.k.iter().zip(&self.edge_at) {
            if edge != NONE {
                accumulators[edge as usize] = unbiased(k);
            }
        }
        for tile in &self.input_tiles {
            let edges = &self.edge_at[tile.at..];
            tile.read(|place, k| accumulators[edges[place] as usize] = k);
        }
        State {
            u: [0, 1]
                .map(|wave| self.lane_of.iter().map(|&lane| unbiased(self.u[wave][lane as usize])).collect()),
            k: accumulators,
            generators: self.generators.clone(),
            noise: Vec::new(),
            phase: self.phase,
        }
    }

    fn present(&mut self, sample: &Sample) {
        let network = self.design.network();
        for run in &self.runs {
            let lanes = run.lane..run.lane + run.ports.len();
            let shown = &sample.inputs[run.ports.clone()];
            for wave in 0..2 {
                for (v, &shown) in self.v[wave][lanes.clone()].iter_mut().zip(shown) {
                    *v = shown.into();
                }
                for (u, &shown) in self.u[wave][lanes.clone()].iter_mut().zip(shown) {
                    *u = f64::from(shown) * self.scales.v_one + BIAS;
                }
            }
        }
        for (node, &target) in network.outputs().iter().zip(&sample.targets) {
            self.nudges.set(self.lane_of[node.index()] as usize, target, self.scales.nudge);
        }
        self.targets.copy_from_slice(&sample.targets);
        self.alike = true;
        self.ready = false;
    }

    fn relax(&mut self, steps: u32) {
        let colours = self.design.network().colouring().count();
        dispatch!(self.token, lanes => {
            if !self.ready {
                self.make_ready(lanes);
            }
            for _ in 0..steps {
                self.turn(lanes, self.phase, Wave::Free);
                self.turn(lanes, self.phase.checked_sub(1).unwrap_or(colours - 1), Wave::Clamped);
                self.phase = (self.phase + 1) % colours;
            }
        });
    }

    /// Only voltages change while answers are read: to begin anew from them, conductances need not be loaded.
    fn read_all(&mut self, samples: &[Sample], mut shown: Sample, steps: u32, start: Start) -> Vec<Vec<i32>> {
        let began = (start == Start::Fixed).then(|| (self.u.clone(), self.v.clone(), self.phase, self.alike));
        let read = |sample: &Sample| {
            shown.inputs.clone_from(&sample.inputs);
            self.present(&shown);
            self.relax(steps);
            let answer = self.answer();
            if let Some((u, v, phase, alike)) = &began {
                self.u.iter_mut().zip(u).for_each(|(own, u)| own.copy_from_slice(u));
                self.v.iter_mut().zip(v).for_each(|(own, v)| own.copy_from_slice(v));
                (self.phase, self.alike, self.ready) = (*phase, *alike, false);
            }
            answer
        };
        samples.iter().map(read).collect()
    }

    fn learn(&mut self, configuration: &Configuration) {
        dispatch!(self.token, lanes => self.learn_edges(lanes, configuration));
        self.ready = false;
    }

    fn answer(&self) -> Vec<i32> {
        let lane = |node: &NodeId| self.lane_of[node.index()] as usize;
        self.design.network().outputs().iter().map(|node| whole(self.v[0][lane(node)])).collect()
    }
}
