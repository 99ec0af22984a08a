//! The file of a recording: begun with the first frame, so that a command that is refused before leaves an earlier recording alone,
//! and written as frames come, so that it is there whatever happens to the run.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wheatstone_learn::whole_file::WriteError;

/// A file to record into; its clones are the same file.
#[derive(Clone, Debug)]
pub struct RecordingFile {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<BufWriter<File>>,
    /// The first thing that went wrong.
    failed: Option<io::Error>,
}

impl RecordingFile {
    /// A recording at a path; nothing is written yet.
    ///
    /// # Errors
    /// [`WriteError`] where it is plain already that nothing can be written there.
    pub fn new(path: &Path) -> Result<RecordingFile, WriteError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let kind = match (path.is_dir(), folder.is_none_or(Path::is_dir)) {
            (true, _) => Some(io::ErrorKind::IsADirectory),
            (false, false) => Some(io::ErrorKind::NotFound),
            (false, true) => None,
        };
        match kind {
            Some(kind) => Err(WriteError::new(path, kind.into())),
            None => Ok(RecordingFile { path: path.to_owned(), state: Arc::default() }),
        }
    }

    /// Writes out what is still held back.
    ///
    /// # Errors
    /// [`WriteError`]: the first thing that went wrong since the recording began.
    pub fn close(&self) -> Result<(), WriteError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = state.file.as_mut().map_or(Ok(()), Write::flush);
        match state.failed.take() {
            Some(error) => Err(error),
            None => flushed,
        }
        .map_err(|error| WriteError::new(&self.path, error))
    }

    fn with(&self, act: impl FnOnce(&mut BufWriter<File>) -> io::Result<usize>) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.file.is_none() && state.failed.is_none() {
            match File::create(&self.path) {
                Ok(file) => state.file = Some(BufWriter::new(file)),
                Err(error) => state.failed = Some(error),
            }
        }
        let done = match &mut state.file {
            Some(file) => act(file),
            None => Err(io::Error::other("the recording cannot be written")),
        };
        match done {
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                state.failed.get_or_insert(error);
                Err(told)
            }
            done => done,
        }
    }
}

impl Write for RecordingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(|file| file.flush().map(|()| 0)).map(drop)
    }
}
