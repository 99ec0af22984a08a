//! Who writes a run. A lock on a file of its folder keeps a second writer out and dies with its process; readers need none.
//!
//! A file of that name that no writer of a run has signed, and a link or whatever else is no regular file, belongs to
//! somebody else: it is neither locked nor written.

use super::RunError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The file that is locked. It stays when the writer is done: to remove it would take it from under another one.
pub(crate) const LOCK: &str = ".lock";

/// What the line in it begins with.
const SIGNATURE: &str = "process ";

/// More bytes than a writer ever says of itself.
const LONGEST: u64 = 300;

/// The right to write a run folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Closed on drop, which ends the lock.
    _file: File,
    /// Whether others are kept out: some network file systems have no locks.
    pub(super) holds: bool,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// [`RunError::Busy`] while another process has it; [`RunError::NotEmpty`] if its file is not a lock's;
    /// [`RunError::Write`] if it cannot be made.
    pub(crate) fn take(folder: &Path) -> Result<Lock, RunError> {
        let path = folder.join(LOCK);
        let failed = |source| RunError::Write(crate::whole_file::WriteError::new(&path, source));
        refuse_others(folder)?;
        let mut file = open(OpenOptions::new().write(true).create(true), &path).map_err(failed)?;
        // What has been put there since.
        if !is_regular(&file) || signature(&file).is_some_and(|text| !is_ours(&text)) {
            return Err(not_ours(folder));
        }
        match try_lock(&file, folder) {
            Ok(()) => {
                // For the message others get; a lock without a name is one as well.
                drop(sign(&mut file));
                Ok(Lock { _file: file, holds: true })
            }
            Err(TryLockError::WouldBlock) => Err(busy(folder, &file)),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(Lock { _file: file, holds: false }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Refuses a folder that another process writes, or whose lock file is of something else.
    ///
    /// # Errors
    /// [`RunError::Busy`] or [`RunError::NotEmpty`].
    pub(super) fn check_free(folder: &Path) -> Result<(), RunError> {
        refuse_others(folder)?;
        match open(&mut OpenOptions::new(), &folder.join(LOCK)) {
            Ok(file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) => Err(busy(folder, &file)),
            _ => Ok(()),
        }
    }
}

/// Refuses a lock file that no writer of a run has made, before anything is opened for writing.
fn refuse_others(folder: &Path) -> Result<(), RunError> {
    let path = folder.join(LOCK);
    match fs::symlink_metadata(&path) {
        Ok(there) if !there.is_file() => return Err(not_ours(folder)),
        Ok(_) => {}
        Err(_) => return Ok(()),
    }
    match open(&mut OpenOptions::new(), &path) {
        Ok(file) if signature(&file).is_some_and(|text| !is_ours(&text)) => Err(not_ours(folder)),
        _ => Ok(()),
    }
}

fn not_ours(folder: &Path) -> RunError {
    RunError::NotEmpty { path: folder.display().to_string(), file: LOCK.to_owned() }
}

/// Opens a lock file to be read, and as the options say; never what a link leads to, and without waiting for a pipe's other end.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.read(true).truncate(false);
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    options.open(path)
}

fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|there| there.is_file())
}

/// The beginning of a lock file; `None` where it cannot be read, as where locks bar readers too.
fn signature(mut file: &File) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    file.rewind().ok()?;
    file.take(LONGEST + 1).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Whether a lock file holds what a writer puts there: a line `process N on HOST`, or as much of it as a killed writer came to.
fn is_ours(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let line = text.strip_suffix('\n').unwrap_or(text);
    let number = line.strip_prefix(SIGNATURE).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let is_signed = number.is_some() && !line.contains(['\n', '\r']) && text.len() as u64 <= LONGEST;
    text.is_empty() || text == SIGNATURE || is_signed
}

#[cfg(not(test))]
fn try_lock(file: &File, _: &Path) -> Result<(), TryLockError> {
    file.try_lock()
}

/// The folder of this name, in tests, and all in it lie on a file system without locks.
#[cfg(test)]
pub(crate) const WITHOUT_LOCKS: &str = "without-locks";

#[cfg(test)]
fn try_lock(file: &File, folder: &Path) -> Result<(), TryLockError> {
    match folder.iter().any(|name| name == WITHOUT_LOCKS) {
        true => Err(TryLockError::Error(io::ErrorKind::Unsupported.into())),
        false => file.try_lock(),
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
    file.write_all(format!("{SIGNATURE}{}{on}\n", std::process::id()).as_bytes())
}

fn busy(folder: &Path, file: &File) -> RunError {
    let holder = signature(file).filter(|text| is_ours(text)).unwrap_or_default();
    let holder = match String::from_utf8_lossy(&holder).trim() {
        "" => "another process".to_owned(),
        holder => holder.to_owned(),
    };
    RunError::Busy { path: folder.display().to_string(), holder }
}
