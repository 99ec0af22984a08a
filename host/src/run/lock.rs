//! Who writes a run. A lock on a file of its folder keeps a second writer out and dies with its process; readers need none.

use super::RunError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The file that is locked. It stays when the writer is done: to remove it would take it from under another one.
pub(super) const LOCK: &str = ".lock";

/// The right to write a run folder, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closed on drop, which ends the lock.
    _file: File,
    /// Whether others are kept out: some network file systems have no locks.
    pub(super) holds: bool,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// [`RunError::Busy`] while another process has it; [`RunError::Write`] if its file cannot be made.
    pub(super) fn take(folder: &Path) -> Result<Lock, RunError> {
        let path = folder.join(LOCK);
        let failed = |source| RunError::Write(crate::whole_file::WriteError::new(&path, source));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // For the message others get; a lock without a name is one as well.
                drop(sign(&mut file));
                Ok(Lock { _file: file, holds: true })
            }
            Err(TryLockError::WouldBlock) => Err(busy(folder, &mut file)),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(Lock { _file: file, holds: false }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Refuses a folder that another process writes.
    ///
    /// # Errors
    /// [`RunError::Busy`].
    pub(super) fn check_free(folder: &Path) -> Result<(), RunError> {
        match File::open(folder.join(LOCK)) {
            Ok(mut file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) => {
                Err(busy(folder, &mut file))
            }
            _ => Ok(()),
        }
    }
}

fn has_no_locks(error: &io::Error) -> bool {
    const NO_LOCKS: i32 = 37; // ENOLCK, of a network file system whose server keeps none
    error.kind() == io::ErrorKind::Unsupported
        || (cfg!(target_os = "linux") && error.raw_os_error() == Some(NO_LOCKS))
}

/// Says in the file who has it.
fn sign(file: &mut File) -> io::Result<()> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let on = if host.is_empty() { String::new() } else { format!(" on {host}") };
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}{on}", std::process::id())
}

fn busy(folder: &Path, file: &mut File) -> RunError {
    const LONGEST: u64 = 300;
    let mut holder = String::new();
    // Where locks bar readers too, the holder has no name.
    drop(file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut holder)));
    let holder = match holder.trim() {
        "" => "another process".to_owned(),
        holder => holder.to_owned(),
    };
    RunError::Busy { path: folder.display().to_string(), holder }
}
