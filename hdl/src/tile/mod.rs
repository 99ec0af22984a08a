//! The folded array: the same contract, the same bits, on lanes that walk memories.
//!
//! One cell an edge holds as many edges as a device has multipliers. Folded, a device holds as many as its block RAM: the nodes of
//! one colour are *rows*, each in a *lane* with all its edges in a memory, and the nodes of the other colour are *columns*, which
//! go past the lanes as *tokens*, one a fire.
//!
//! ```text
//!                     sample, go                                        ┌──────────── tile 0 ─────────────┐
//!                         │         ┌─ voltages of the free columns ──▶ │ sequencer ─▶ tokens ─▶ columns  │
//!                         ▼         │                                   │     ┌────────┬────────┬──┴─┐    │
//!  ┌──────── root ────────────┐     │                                   │   lane 0   lane 1  ...  lane 7  │
//!  │ sequencer ─▶ update unit ├─────┘                                   │     │ sums of rows  │ products  │
//!  │      tree over the tiles │◀── sums of the columns ── memory ◀──────│ update unit     tree over lanes │
//!  └──────────┬───────────────┘                                         └─────────────────────────────────┘
//!             └─ answer: the train is ended ──▶ all tiles                 tile 1, tile 2 ... alike
//! ```
//!
//! | part | what it holds | file |
//! |---|---|---|
//! | [`Folding`] | which node is which row or column, and the tokens of every tile | `folding.rs` |
//! | schedule | when what happens in a train of fires | `schedule.rs` |
//! | sequencer | counters: trains of a request, fires of a train | `sequencer.rs` |
//! | tokens | the list of tokens, and the controls each gives as it ages | `tokens.rs` |
//! | columns | samples of the imposed columns, copies of the free ones | `columns.rs` |
//! | lane | conductances and generators, two multipliers, sums of its rows | `lane.rs` |
//! | tree | sums of the columns: over lanes, and over tiles | `tree.rs` |
//! | update unit | nodes: accumulators, gains, targets | `update.rs` |
//! | array interface | what the island sees of it | `array_interface.rs` |
//! | scan port | how an idle array's memories are read and written | `scan_port.rs` |
//!
//! # Trains
//!
//! A request of the array interface is one *learn* train and `steps` *relax* trains. A learn train goes over all edges once: they
//! learn from the sample before, and with their new conductances the imposed columns are summed for the sample that begins. So an
//! edge is read and written once a sample, however many steps it relaxes. A relax train goes over the free columns only; rows and
//! columns relax at once, in counter-phase, as the contract says. What is left to learn at the end of a stretch of samples is
//! learnt by a request of no steps.
//!
//! ```text
//! tile   ▕ tokens .......... drain ▕ rows ........ ▕ tokens ... ▕ rows .....
//! root        ▕ columns ................. ▕ prepare ▕ columns ....
//! answer                                ─▶
//! ```
//!
//! # Handshakes
//!
//! Every tile and the root have a `fire` of their own: a matched delay in a loop with `tick` and `back`, as an edge with several
//! products has it. A tile begins a train when the root has ended the one before. The root begins at once, prepares its
//! nodes, and waits at every column until all tiles that have an edge there have changed that column's token. So columns stream
//! through the tree while tiles still work, no token can be overwritten before it is read, and nothing arbitrates: whatever the
//! delays, the bits are the same.
//!
//! # Example
//!
//! Two inputs, four rows, one output: twenty samples, then the trace of one relaxing step.
//!
//! ```
//! use std::sync::Arc;
//! use wheatstone_hdl::Technology;
//! use wheatstone_hdl::listing::Listing;
//! use wheatstone_hdl::tile::{FoldedSimulation, Train, tile_train};
//! use wheatstone_sim::network::{EdgeKind, layered};
//! use wheatstone_sim::{
//!     Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, Sample, Sense, State,
//!     Target,
//! };
//!
//! let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Current { beta: 2, centred: false }, g_min: 1, lowest_rail: 0 };
//! let design = Arc::new(Design::new(layered(&[2, 4, 1], EdgeKind::Linear)?, Format::WIDE, rules)?);
//! let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
//! let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//!
//! let mut folded = FoldedSimulation::new(Arc::clone(&design), Technology::Ecp5, configuration, &start)?;
//! let mut model = Reference::new(design, configuration, start)?;
//! let target = Target { voltage: 5_000, sense: Sense::Equal };
//! let sample = Sample { inputs: vec![20_000, -3_000], targets: vec![Some(target)] };
//! for _ in 0..20 {
//!     assert_eq!(folded.stream(&sample)?, model.train(&sample)?);
//! }
//! folded.finish();
//! assert_eq!(folded.state(), model.state(), "every voltage and conductance, to the bit");
//!
//! // One column that relaxes, four rows behind it: a token, its drain, then the rows.
//! let train = tile_train(&folded.array().folding().tiles[0], Train::Relax);
//! assert_eq!((train.tokens, train.take, train.rows, train.length), (1, 6, 4, 17));
//!
//! let signals = ["learn", "token_valid", "forward", "row_valid", "row", "row_sum", "sent", "sent_voltage", "done"];
//! let listing = Listing::new(&folded.array().module, "tile_0", &signals)?;
//! folded.circuit_mut().observe(Some(listing.observer()));
//! folded.step();
//! assert_eq!(format!("\n{listing}"), "
//!      ns  learn  token_valid  forward  row_valid  row     row_sum  sent  sent_voltage  done
//!   start      1            0    20000          0    0           0     0             0     0
//!   0.000      .            1        .          .    .           .     .             .     .
//!  33.390      .            0        .          .    .           .     .             .     .
//! 111.930      .            .        0          .    .           .     .             .     .
//! 123.060      .            .    20000          .    .           .     .             .     .
//! 134.190      .            .    -3000          .    .           .     .             .     .
//! 145.320      .            .    20000          .    .           .     .             .     .
//! 178.080      .            .        .          1    .           .     .             .     .
//! 179.970      .            .        .          .    .   646723000     .             .     .
//! 189.210      .            .        .          .    1           .     .             .     .
//! 191.100      .            .        .          .    .   439610000     .             .     .
//! 200.340      .            .        .          .    2           .     .             .     .
//! 202.230      .            .        .          .    .  1077282000     .             .     .
//! 211.470      .            .        .          .    3           .     .             .     .
//! 213.360      .            .        .          .    .   161204000     .             .     .
//! 222.600      .            .        .          0    0           .     .             .     .
//! 224.490      .            .        .          .    .           0     .             .     .
//! 289.380      0            1        .          .    .           .     .             .     .
//! 290.535      .            .     5884          .    .           .     .             .     .
//! 300.510      .            0        .          .    .           .     .             .     .
//! 301.140      .            .     5781          .    .           .     .             .     .
//! 367.290      .            .        .          1    .           .     .             .     .
//! 369.180      .            .        .          .    .   289633881     .             .     .
//! 378.420      .            .        .          .    1           .     .             .     .
//! 380.310      .            .        .          .    .   125863932     .             .     .
//! 389.550      .            .        .          .    2           .     .             .     .
//! 391.440      .            .        .          .    .   313942986     .             .     .
//! 400.680      .            .        .          .    3           .     .             .     .
//! 402.570      .            .        .          .    .   255254274     .             .     .
//! 411.810      .            .        .          0    0           .     .             .     .
//! 413.700      .            .        .          .    .           0     .             .     .
//! 456.330      .            .        .          .    .           .     1          9081     .
//! 467.460      .            .        .          .    .           .     .             0     .
//! 478.590      .            .        .          .    .           .     .          9981     .
//! 489.720      .            .        .          .    .           .     .             0     .
//! 500.850      .            .        .          .    .           .     0             .     1
//! ");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The learn train comes first, and takes the rows' sums of the imposed columns with it; then the relax train sends one token, whose
//! column has the voltage `forward`, and each row's sum becomes a voltage eight fires later: two are held at zero by their diodes.

mod array_interface;
mod columns;
mod estimate;
mod folded_array;
mod folding;
mod interface;
mod lane;
mod root_cell;
mod scan_port;
mod schedule;
mod sequencer;
mod simulation;
mod tile_cell;
mod tokens;
mod tree;
mod update;

pub use array_interface::FoldedInterface;
pub use estimate::{Estimate, estimate, sample_time};
pub use folded_array::{FoldedArray, FoldedOptions};
pub use folding::{Folding, LANES, MAX_SLOTS, MAX_TOKENS, NotFoldable, Place, TilePlan, Token};
pub use interface::FoldedControls;
pub use schedule::{RootSchedule, TileSchedule, Train, root_train, sample_fires, tile_train, tree_levels};
pub use simulation::{FoldedSimulation, FoldedSimulationError};
