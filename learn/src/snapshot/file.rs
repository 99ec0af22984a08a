//! The snapshots of a run in one file that grows: an array of records, as NumPy reads it.
//!
//! A record is as long as any other, so that a snapshot is appended, and a run that goes on from a checkpoint cuts off what the
//! checkpoint has not counted. Only the number of records in the header is ever written over; it is written after the records,
//! so that whoever reads the file meanwhile finds all it says.

use super::{conductances, power, voltages};
use crate::npy::{floats, header, integers};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU64;
use std::path::Path;
use wheatstone_sim::{Checkpoint, Design, State, Wave};

/// Bytes that wait in memory before they are written.
const WAITING: usize = 1 << 16;

/// A file of snapshots that this process alone writes.
#[derive(Debug)]
pub struct SnapshotFile {
    file: File,
    layout: Layout,
    every: NonZeroU64,
    /// Records in the file.
    written: u64,
    /// Records behind them that are in memory still.
    waiting: Vec<u8>,
}

impl SnapshotFile {
    /// A new file for snapshots of a design, every so many samples.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, design: &Design, every: NonZeroU64) -> io::Result<SnapshotFile> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let layout = Layout::of(design);
        let mut snapshots = SnapshotFile { file, layout, every, written: 0, waiting: Vec::new() };
        snapshots.flush()?;
        Ok(snapshots)
    }

    /// Goes on with a file from a checkpoint of the run that began at `first`; `None` if it has not all the snapshots up to there,
    /// or is of another run: its first record is not the first state, its records lie further apart or closer together, or the
    /// last of them is not the checkpoint's state where both were taken after the same sample.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn go_on(
        path: &Path,
        every: NonZeroU64,
        first: &State,
        checkpoint: &Checkpoint,
    ) -> io::Result<Option<SnapshotFile>> {
        let Checkpoint { design, state, samples, steps, .. } = checkpoint;
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let layout = Layout::of(design);
        let last = *samples / every;
        let written = last + 1;
        let end = layout.place(written);
        let beginning = read_at(&file, 0, layout.header_bytes())?;
        if !beginning.starts_with(&layout.beginning()) || file.metadata()?.len() < end {
            return Ok(None);
        }
        let begun = read_at(&file, layout.place(0), layout.record_bytes())?;
        let ended = read_at(&file, layout.place(last), layout.record_bytes())?;
        let taken = last * every.get();
        let is_known = taken == *samples && last > 0;
        if begun != record(design, first, 0, 0)
            || !ended.starts_with(&taken.to_le_bytes())
            || is_known && ended != record(design, state, *samples, *steps)
        {
            return Ok(None);
        }
        file.set_len(end)?;
        let mut snapshots = SnapshotFile { file, layout, every, written, waiting: Vec::new() };
        snapshots.flush()?;
        Ok(Some(snapshots))
    }

    /// How many samples lie between two snapshots.
    pub fn every(&self) -> NonZeroU64 {
        self.every
    }

    /// Appends a snapshot: the state after so many samples and relaxing steps of the run.
    ///
    /// # Errors
    /// The file cannot be written; what it lacks is written with the next snapshot then.
    pub fn put(&mut self, design: &Design, state: &State, samples: u64, steps: u64) -> io::Result<()> {
        self.waiting.extend(record(design, state, samples, steps));
        if self.waiting.len() >= WAITING { self.flush() } else { Ok(()) }
    }

    /// Writes what waits in memory, for others to read.
    ///
    /// # Errors
    /// As [`SnapshotFile::put`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.layout.place(self.written)))?;
        self.file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64 / self.layout.record_bytes();
        self.waiting.clear();
        self.file.rewind()?;
        self.file.write_all(&self.layout.header(self.written))
    }

    /// Has all snapshots on the disk.
    ///
    /// # Errors
    /// As [`SnapshotFile::put`].
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_all()
    }
}

/// The bytes of a snapshot.
fn record(design: &Design, state: &State, samples: u64, steps: u64) -> Vec<u8> {
    let mut record: Vec<u8> = integers([samples, steps]).collect();
    record.extend(floats(conductances(design, state)));
    for wave in Wave::BOTH {
        record.extend(floats(voltages(design, state, wave)));
    }
    record.extend(floats(power(design, state)));
    record
}

/// Bytes from a place on; fewer where the file ends.
fn read_at(mut file: &File, place: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    file.seek(SeekFrom::Start(place))?;
    file.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}

/// How records of a network lie in the file.
#[derive(Debug)]
struct Layout {
    nodes: usize,
    edges: usize,
}

impl Layout {
    fn of(design: &Design) -> Layout {
        let network = design.network();
        Layout { nodes: network.nodes().len(), edges: network.edges().len() }
    }

    fn header(&self, records: u64) -> Vec<u8> {
        let Layout { nodes, edges } = self;
        let element = format!(
            "[('samples', '<u8'), ('steps', '<u8'), ('conductances', '<f8', ({edges},)), \
             ('free', '<f8', ({nodes},)), ('clamped', '<f8', ({nodes},)), ('power', '<f8', (2,))]"
        );
        header(&element, records, &[])
    }

    fn header_bytes(&self) -> u64 {
        self.header(0).len() as u64
    }

    /// The header up to the number of records.
    fn beginning(&self) -> Vec<u8> {
        let mut header = self.header(0);
        let end = header.iter().rposition(|&byte| byte == b'(').map_or(0, |place| place + 1);
        header.truncate(end);
        header
    }

    fn record_bytes(&self) -> u64 {
        8 * (4 + self.edges + 2 * self.nodes) as u64
    }

    /// Where a record begins.
    fn place(&self, record: u64) -> u64 {
        self.header_bytes() + record * self.record_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::arrays::Values;
    use crate::experiment::Experiment;
    use crate::preset::Preset;

    const FIVE: NonZeroU64 = NonZeroU64::new(5).unwrap();

    fn experiment(preset: &str) -> Experiment {
        Experiment::prepare(Preset::find(preset).unwrap().config().unwrap()).unwrap()
    }

    #[test]
    fn a_file_goes_on_where_a_checkpoint_was_taken() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("snapshots.npy");
        let experiment = experiment("xor");
        let (design, state) = (&*experiment.design, experiment.initial_state());
        let put = |file: &mut SnapshotFile, samples| file.put(design, &state, samples, 8 * samples).unwrap();
        let at = |experiment: &Experiment, samples| Checkpoint {
            design: (*experiment.design).clone(),
            configuration: experiment.configuration(0),
            samples,
            steps: 8 * samples,
            remark: String::new(),
            state: experiment.initial_state(),
        };
        let go_on =
            |path: &Path, first: &State, at: &Checkpoint| SnapshotFile::go_on(path, FIVE, first, at).unwrap();
        let mut file = SnapshotFile::create(&path, design, FIVE).unwrap();
        [0, 5, 10].iter().for_each(|&samples| put(&mut file, samples));
        file.sync().unwrap();
        let whole = std::fs::read(&path).unwrap();
        [15, 20].iter().for_each(|&samples| put(&mut file, samples));
        file.flush().unwrap();
        assert!(std::fs::read(&path).unwrap().len() > whole.len());
        // A checkpoint after 14 samples has counted the one after 10.
        let mut file = go_on(&path, &state, &at(&experiment, 14)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        put(&mut file, 15);
        file.sync().unwrap();
        assert!(go_on(&path, &state, &at(&experiment, 15)).is_some());
        assert!(go_on(&path, &state, &at(&experiment, 20)).is_none(), "one is lost");
        let iris = self::experiment("iris");
        assert!(go_on(&path, &iris.initial_state(), &at(&iris, 0)).is_none());
        assert!(go_on(&place.path().join("none"), &state, &at(&experiment, 0)).is_none());
        // Runs of the same shape.
        let mut other = state.clone();
        other.k[0] += 1 << design.format().k_guard();
        assert!(go_on(&path, &other, &at(&experiment, 14)).is_none(), "another beginning");
        let elsewhere = Checkpoint { state: other, ..at(&experiment, 15) };
        assert!(go_on(&path, &state, &elsewhere).is_none(), "another end");
        let seven = NonZeroU64::new(7).unwrap();
        assert!(
            SnapshotFile::go_on(&path, seven, &state, &at(&experiment, 9)).unwrap().is_none(),
            "another pace"
        );
        assert!(go_on(&path, &state, &at(&experiment, 15)).is_some(), "nothing was cut off");
    }

    #[test]
    fn a_record_holds_what_its_header_says() {
        let experiment = experiment("linear-regression");
        let layout = Layout::of(&experiment.design);
        let header = String::from_utf8_lossy(&layout.header(1)).into_owned();
        let numbers = header.matches("'<u8'").count() + 2 + 16 + 2 * 9;
        assert_eq!(layout.record_bytes(), 8 * numbers as u64);
        assert!(layout.header(7).starts_with(&layout.beginning()));
        assert!(!layout.header(7).starts_with(&Layout { nodes: 9, edges: 17 }.beginning()));
        let numbers = crate::data::arrays::parse_npy("x", crate::npy::header("'<f8'", 0, &[]).as_slice());
        assert_eq!(numbers.unwrap().values, Values::Numbers(Vec::new()));
    }
}
