//! The simulated gateware in this process: a transport whose other end is the pins of the whole chip, in the chip's own time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use wheatstone_hdl::Board;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::top::{ArrayForm, SerialLine, TopError, TopSimulation};
use wheatstone_link::{Transport, TransportError};
use wheatstone_sim::Design;

/// Clocks of the chip a bit on the line takes: the fewest its receiver is made for. The simulated line has no reason to be slow.
const CLOCKS_A_BIT: u32 = 4;

/// The transport to a simulation of island and array.
pub struct RtlTransport {
    top: TopSimulation,
    line: SerialLine,
    options: IslandOptions,
    arrived: VecDeque<u8>,
    /// The last level of `go`.
    gone: bool,
    on_sample: Option<OnSample>,
}

/// Told when, in the chip's own time, the array begins with a sample.
pub type OnSample = Box<dyn FnMut(Duration)>;

impl RtlTransport {
    /// A chip with that design, as it would be on that board with samples that stream, just switched on.
    ///
    /// # Errors
    /// [`TopError`] if the design cannot be put on a chip.
    pub fn new(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        board: Board,
    ) -> Result<RtlTransport, TopError> {
        let island = IslandOptions { streaming: true, ..board.island_options() };
        RtlTransport::with_island(design, array, island)
    }

    /// The same with an island of that kind, its serial line as fast as its receiver takes.
    ///
    /// # Errors
    /// [`TopError`] if the design cannot be put on a chip.
    pub fn with_island(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        island: IslandOptions,
    ) -> Result<RtlTransport, TopError> {
        let options = IslandOptions { baud: island.clock_hz / CLOCKS_A_BIT, ..island };
        let top = TopSimulation::new(design, array, options)?;
        let options = top.chip().options;
        let (line, arrived) = (SerialLine::new(options), VecDeque::new());
        Ok(RtlTransport { top, line, options, arrived, gone: false, on_sample: None })
    }

    /// The simulated chip, to look at its pins and to damage it in tests.
    pub fn top_mut(&mut self) -> &mut TopSimulation {
        &mut self.top
    }

    /// Has `on_sample` told of every sample from now on.
    pub fn on_sample(&mut self, on_sample: OnSample) {
        self.on_sample = Some(on_sample);
    }

    /// One clock of the chip.
    fn tick(&mut self) {
        self.arrived.extend(self.line.tick(&mut self.top));
        let (go, present) = (self.top.ports().go.val(), self.top.ports().present.val());
        let now = self.now();
        if let Some(on_sample) = self.on_sample.as_mut().filter(|_| go != self.gone && present) {
            on_sample(now);
        }
        self.gone = go;
    }
}

impl Transport for RtlTransport {
    fn describe(&self) -> String {
        "the simulated gateware".to_owned()
    }

    fn baud(&self) -> u32 {
        self.options.baud
    }

    fn now(&self) -> Duration {
        let (clocks, hz) = (u128::from(self.top.clocks()), u128::from(self.options.clock_hz));
        Duration::from_nanos(u64::try_from(clocks * 1_000_000_000 / hz).unwrap_or(u64::MAX))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.line.send(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        while self.arrived.is_empty() && self.now() < deadline {
            self.tick();
        }
        let count = buffer.len().min(self.arrived.len());
        buffer.iter_mut().zip(self.arrived.drain(..count)).for_each(|(place, byte)| *place = byte);
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        while self.now() < until {
            self.tick();
        }
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        self.arrived.clear();
        Ok(())
    }
}
