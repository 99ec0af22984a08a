//! A board at the end of a link.

mod cursor;
mod poll_interval;
mod relaxing;
mod running;
mod sample_set;
mod scanning;
mod streaming;

use super::BoardError;
use cursor::StretchCursor;
use poll_interval::PollInterval;
use sample_set::SampleSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use wheatstone_learn::device::{Device, DeviceError, DeviceKind, OnProgress, Stretch, Traffic, Trained};
use wheatstone_link::protocol::{Identity, SampleLayout, Settings};
use wheatstone_link::{LinkError, LinkStatistics, Session, SessionOptions, Transport};
use wheatstone_sim::engine::check_sample;
use wheatstone_sim::{Configuration, Design, LearningSchedule, OutputCoding, Sample, State, hex};

/// How often one operation begins again because the board lost its state.
const MOST_RESTARTS: u32 = 5;
/// Operations that are remembered before the state is read for safety.
const MOST_ENTRIES: usize = 32;
/// Digits of a digest that tell designs apart for people.
const DIGITS: usize = 8;

/// A board at the end of a link, as a device.
///
/// It remembers the last state it knows and what was done since. If the board loses its state, because its power failed or
/// another program took it, the state is written again and everything since is done again, to the same bits.
#[derive(Debug)]
pub struct Linked<T> {
    session: Session<T>,
    design: Arc<Design>,
    layout: SampleLayout,
    /// The samples to train on.
    set: Arc<SampleSet>,
    /// The samples at the beginning of the board's memory.
    resident: Option<Arc<SampleSet>>,
    /// The last state that is known.
    known: Option<State>,
    /// What was done since.
    journal: Vec<JournalEntry>,
    /// The board is in a session of ours, at rest, where `known` and `journal` lead.
    ready: bool,
    poll: PollInterval,
    kind: DeviceKind,
}

/// Something that changed the board's state.
#[derive(Clone, Debug)]
enum JournalEntry {
    Train { set: Arc<SampleSet>, stretch: Stretch },
    Relax { set: Arc<SampleSet>, settings: Settings, impose_targets: bool },
}

impl<T: Transport> Linked<T> {
    /// Opens a session with the board, which must hold that design. Its state is left as it is.
    ///
    /// # Errors
    /// [`BoardError`] if there is no board, no access to it, or it holds another design.
    pub fn connect(
        transport: T,
        design: Arc<Design>,
        options: SessionOptions,
    ) -> Result<Linked<T>, BoardError> {
        Identity::of(&design)?;
        let phases = design.network().colouring().count();
        if phases > 2 {
            return Err(BoardError::Phases { phases });
        }
        let mut linked = Linked {
            poll: PollInterval::new(transport.baud()),
            kind: DeviceKind::Board,
            session: Session::new(transport, options),
            layout: SampleLayout::of(design.network()),
            design,
            set: Arc::default(),
            resident: None,
            known: None,
            journal: Vec::new(),
            ready: false,
        };
        linked.make_ready()?;
        Ok(linked)
    }

    /// The same, called something else than a board: what is at the other end cannot be seen from here.
    pub fn called(self, kind: DeviceKind) -> Linked<T> {
        Linked { kind, ..self }
    }

    /// Who the board says it is.
    pub fn identity(&self) -> Option<&Identity> {
        self.session.identity()
    }

    /// What went over the link so far.
    pub fn statistics(&self) -> LinkStatistics {
        self.session.statistics()
    }

    /// The session, for tests that reach behind it.
    pub fn session_mut(&mut self) -> &mut Session<T> {
        &mut self.session
    }

    /// Sends the samples to train on now, if the board has room for all of them; otherwise they go out while it trains.
    ///
    /// # Errors
    /// [`BoardError`] if the device cannot be reached.
    pub fn upload(&mut self) -> Result<(), BoardError> {
        let set = Arc::clone(&self.set);
        self.durably(|linked| if linked.fits(&set) { linked.send_set(&set) } else { Ok(()) })
    }

    /// Does something on the board; again from the last known state if the board lost it meanwhile.
    fn durably<R>(
        &mut self,
        mut operation: impl FnMut(&mut Self) -> Result<R, BoardError>,
    ) -> Result<R, BoardError> {
        let mut restarts = 0;
        loop {
            let error = match self.make_ready().and_then(|()| operation(self)) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            self.ready = false;
            let lost = matches!(error, BoardError::Link(LinkError::Reset { .. }));
            if !lost || self.known.is_none() || restarts == MOST_RESTARTS {
                return Err(error);
            }
            restarts += 1;
        }
    }

    /// Opens a session if need be, and brings the board to the state it should be in.
    fn make_ready(&mut self) -> Result<(), BoardError> {
        if self.ready {
            return Ok(());
        }
        self.session.open()?;
        self.check_identity()?;
        self.resident = None;
        self.stop()?;
        if let Some(state) = self.known.take() {
            let written = self.write_state(&state);
            self.known = Some(state);
            written?;
        }
        for entry in self.journal.clone() {
            match entry {
                JournalEntry::Train { set, stretch } => {
                    self.run_stretch(&set, &stretch, &mut |_| ControlFlow::Continue(())).map(drop)?;
                }
                JournalEntry::Relax { set, settings, impose_targets } => {
                    self.relax_set(&set, settings, impose_targets).map(drop)?;
                }
            }
        }
        self.ready = true;
        Ok(())
    }

    fn check_identity(&self) -> Result<(), BoardError> {
        let Some(found) = self.session.identity() else { return Ok(()) };
        let format = self.design.format();
        if found.digest != self.design.digest() || found.format() != Some(format) {
            let tell = |name: &str, format: String, digest: &[u8; 32]| {
                format!("{name} ({format}, {}...)", &hex::encode(digest)[..DIGITS])
            };
            let name = self.design.network().name();
            let found_format = found.format().map_or_else(|| "no format".to_owned(), |f| f.to_string());
            return Err(BoardError::OtherDesign {
                found: tell(&found.name, found_format, &found.digest),
                expected: tell(name, format.to_string(), &self.design.digest()),
            });
        }
        if self.capacity() == 0 {
            return Err(BoardError::Memory { words: self.layout.words(), found: found.sample_words });
        }
        Ok(())
    }

    /// Makes sure that what comes next can be done again.
    fn before_entry(&mut self) -> Result<(), BoardError> {
        if self.known.is_none() || self.journal.len() >= MOST_ENTRIES {
            self.read_known()?;
        }
        Ok(())
    }

    /// Reads the state, and remembers it as the one that is known.
    fn read_known(&mut self) -> Result<State, BoardError> {
        let state = self.durably(Self::read_state)?;
        self.known = Some(state.clone());
        self.journal.clear();
        Ok(state)
    }

    fn run_stretch(
        &mut self,
        set: &Arc<SampleSet>,
        stretch: &Stretch,
        on_progress: OnProgress,
    ) -> Result<Trained, BoardError> {
        let settings = Settings::new(stretch.configuration, set.coding)?;
        let cursor = StretchCursor::new(stretch, set.count());
        if self.fits(set) {
            self.train_resident(set, settings, cursor, on_progress)
        } else {
            self.train_streaming(set, settings, cursor, on_progress)
        }
    }
}

impl<T: Transport> Device for Linked<T> {
    fn describe(&self) -> String {
        let name = self.session.identity().map_or("", |identity| &identity.name);
        format!("{name} at {}", self.session.transport().describe())
    }

    fn kind(&self) -> DeviceKind {
        self.kind
    }

    fn traffic(&self) -> Option<Traffic> {
        let LinkStatistics { bytes_sent, bytes_received, resent, asked_anew, damaged, .. } =
            self.statistics();
        Some(Traffic { bytes_sent, bytes_received, repeated: resent + asked_anew, damaged })
    }

    fn design(&self) -> &Design {
        &self.design
    }

    fn set_state(&mut self, state: &State) -> Result<(), DeviceError> {
        scanning::check_state(&self.design, state)?;
        self.journal.clear();
        self.known = Some(state.clone());
        if !self.ready {
            // It is written when the session is opened.
            return Ok(self.durably(|_| Ok(()))?);
        }
        Ok(self.durably(|linked| linked.write_state(state))?)
    }

    fn state(&mut self) -> Result<State, DeviceError> {
        Ok(self.read_known()?)
    }

    fn set_samples(
        &mut self,
        samples: &mut dyn Iterator<Item = (Sample, Option<u16>)>,
        coding: OutputCoding,
    ) -> Result<(), DeviceError> {
        let mut set = SampleSet::new(self.layout, coding);
        for (sample, class) in samples {
            check_sample(&self.design, &sample)?;
            set.push(self.layout, &sample, class);
        }
        self.set = Arc::new(set);
        Ok(())
    }

    fn train(&mut self, stretch: &Stretch, on_progress: OnProgress) -> Result<Trained, DeviceError> {
        stretch.configuration.check()?;
        Settings::new(stretch.configuration, self.set.coding).map_err(BoardError::from)?;
        if stretch.count == 0 || self.set.count() == 0 {
            return Ok(Trained::default());
        }
        self.before_entry()?;
        let set = Arc::clone(&self.set);
        // A stretch that begins again does not go back for whoever watches.
        let mut most = 0;
        let on_progress: OnProgress = &mut |done| {
            most = done.max(most);
            on_progress(most)
        };
        let trained = self.durably(|linked| linked.run_stretch(&set, stretch, on_progress))?;
        let stretch = Stretch { count: trained.samples, ..*stretch };
        self.journal.push(JournalEntry::Train { set, stretch });
        Ok(trained)
    }

    fn relax(
        &mut self,
        samples: &[Sample],
        steps: u32,
        impose_targets: bool,
    ) -> Result<Vec<Vec<i32>>, DeviceError> {
        let configuration = Configuration { steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        configuration.check()?;
        let settings = Settings::new(configuration, OutputCoding::default()).map_err(BoardError::from)?;
        let none = vec![None; self.layout.outputs];
        let plain = |sample: &Sample| Sample { inputs: sample.inputs.clone(), targets: none.clone() };
        let plain: Vec<Sample> = match impose_targets {
            true => samples.to_vec(),
            false => samples.iter().map(plain).collect(),
        };
        plain.iter().try_for_each(|sample| check_sample(&self.design, sample))?;
        if plain.is_empty() {
            return Ok(Vec::new());
        }
        self.before_entry()?;
        let mut set = SampleSet::new(self.layout, OutputCoding::default());
        plain.iter().for_each(|sample| set.push(self.layout, sample, None));
        let set = Arc::new(set);
        let answers = self.durably(|linked| linked.relax_set(&set, settings, impose_targets))?;
        self.journal.push(JournalEntry::Relax { set, settings, impose_targets });
        Ok(answers)
    }
}
