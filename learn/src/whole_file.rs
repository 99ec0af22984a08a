//! Files that appear whole or not at all.
//!
//! A file is written aside in the folder it belongs to, flushed to the disk, renamed, and the folder flushed as well: whatever
//! happens, under the name stands the old file or the new one. A symbolic link is followed and stays; a file that is replaced keeps
//! its mode and, where that is allowed, its owner; a new one has the mode that the umask leaves. Other names of a replaced file
//! (hard links) keep the old contents.
//!
//! What is no regular file (a terminal, a pipe, `/dev/null`) cannot be replaced and is written through, and so is what
//! stands for an open file (`/dev/stdout`, `/proc/self/fd/1`), at its end.
//!
//! What a killed process left aside is found by its name and known to be nobody's by its lock, which died with the process. The
//! next file that is written into the folder takes it away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};

/// What names of files written aside begin and end with.
const ASIDE: (&str, &str) = (".wheatstone-", ".tmp");

/// Links followed before a path counts as a loop, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// A file or folder that cannot be written.
#[derive(Debug, Error)]
#[error("{path}: cannot write: {source}; {}", remedy(source))]
pub struct WriteError {
    /// The file or folder.
    pub path: String,
    /// What the system says.
    pub source: io::Error,
}

impl Categorized for WriteError {
    fn category(&self) -> ErrorCategory {
        ErrorCategory::Failed.unless_denied(&self.source)
    }
}

impl WriteError {
    /// Why `path` cannot be written.
    pub fn new(path: &Path, source: io::Error) -> WriteError {
        WriteError { path: path.display().to_string(), source }
    }
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "make its folder first, or choose another place",
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "free space there, or choose another place"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make it writable, or choose another place"
        }
        _ => "choose another place",
    }
}

/// Writes a whole file.
///
/// # Errors
/// [`WriteError`]; what was there before is then still whole.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    let mut file = WholeFile::create(path)?;
    file.write_all(contents).map_err(|source| WriteError::new(path, source))?;
    file.finish()
}

/// A file being written; until [`WholeFile::finish`], what was there before stands. Dropped before, it leaves nothing.
#[derive(Debug)]
pub struct WholeFile {
    /// As it was named.
    path: PathBuf,
    goes: Goes,
}

#[derive(Debug)]
enum Goes {
    /// Into what cannot be replaced.
    Through(File),
    /// Beside the target, whose name it takes in the end.
    Aside { file: tempfile::NamedTempFile, target: PathBuf },
}

impl WholeFile {
    /// Begins a file.
    ///
    /// # Errors
    /// [`WriteError`], where the file there is may not be written or the folder does not take a new one.
    pub fn create(path: &Path) -> Result<WholeFile, WriteError> {
        match begin(path) {
            Ok(goes) => Ok(WholeFile { path: path.to_owned(), goes }),
            Err(source) => Err(WriteError::new(path, source)),
        }
    }

    /// The open file, to write into from elsewhere.
    pub fn file(&self) -> &File {
        match &self.goes {
            Goes::Through(file) => file,
            Goes::Aside { file, .. } => file.as_file(),
        }
    }

    /// Flushes the file to the disk and gives it its name.
    ///
    /// # Errors
    /// [`WriteError`]; what was there before is then still whole.
    pub fn finish(self) -> Result<(), WriteError> {
        let done = match self.goes {
            Goes::Through(mut file) => file.flush(),
            Goes::Aside { file, target } => persist(file, &target),
        };
        done.map_err(|source| WriteError::new(&self.path, source))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

fn begin(path: &Path) -> io::Result<Goes> {
    let Some(target) = target(path)? else {
        return Ok(Goes::Through(OpenOptions::new().append(true).open(path)?));
    };
    let old = match fs::metadata(&target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(old) = &old {
        if old.permissions().readonly() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
        // Asks whether this user may write it, without touching it.
        OpenOptions::new().write(true).open(&target)?;
    }
    let folder = folder_of(&target);
    remove_leftovers(folder);
    let file = create_aside(folder).map_err(without_path)?;
    if let Some(old) = &old {
        keep_mode(file.as_file(), old)?;
    }
    Ok(Goes::Aside { file, target })
}

/// The file that `path` stands for when all links are followed; `None` where it can only be written through.
fn target(path: &Path) -> io::Result<Option<PathBuf>> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return Ok(None);
    }
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        // The links of /proc to open files look like paths and are none.
        let folder = fs::canonicalize(folder_of(&target))?;
        if folder.starts_with("/proc") {
            return Ok(None);
        }
        match fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            Err(_) if fs::metadata(&target).is_ok_and(|there| there.is_dir()) => {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Err(_) => return Ok(Some(target)),
        }
    }
    Err(io::Error::other("too many symbolic links, one to the other"))
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes files and folders aside, with the modes that the umask leaves of `mode`.
#[cfg_attr(not(unix), expect(unused_variables, reason = "there are no modes"))]
pub(crate) fn aside(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(ASIDE.0).suffix(ASIDE.1);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}

/// Why something could not be made aside, without the path that nobody asked for: the caller names the one that was meant.
pub(crate) fn without_path(error: io::Error) -> io::Error {
    match error.get_ref().map(ToString::to_string) {
        Some(text) => match text.split_once(" at path ") {
            Some((why, _)) => io::Error::new(error.kind(), why),
            None => error,
        },
        None => error,
    }
}

/// What was made aside in a folder and is still there.
pub(crate) fn made_aside(folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        name.starts_with(ASIDE.0.as_bytes()) && name.ends_with(ASIDE.1.as_bytes())
    })
}

/// A new file under a lock that tells others that its writer lives.
fn create_aside(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    loop {
        let file = aside(0o666).tempfile_in(folder)?;
        // Some file systems have no locks; there, nobody else gets one either.
        let locked = file.as_file().lock().is_ok();
        // Whoever looked for leftovers between the two calls above took it for one.
        if !locked || file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes what processes that are gone left aside. It is no fault of the file being written if that fails.
fn remove_leftovers(folder: &Path) {
    for entry in made_aside(folder) {
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            drop(fs::remove_file(entry.path()));
        }
    }
}

#[cfg(unix)]
fn keep_mode(file: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    // Only a superuser may give files away; a group needs a member.
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        drop(fchown(file, None, Some(old.gid())));
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_mode(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

fn persist(file: tempfile::NamedTempFile, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    sync_folder(folder_of(target))
}

/// Flushes the names in a folder to the disk.
///
/// # Errors
/// The disk's. A folder that may not be read, and a file system that cannot flush folders, are none.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        done => done,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn links_are_followed_and_stay() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::create_dir(path("far")).unwrap();
        fs::write(path("far/old"), "old").unwrap();
        symlink("far/old", path("first")).unwrap();
        symlink("first", path("second")).unwrap();
        symlink("far/new", path("dangling")).unwrap();
        for (link, end) in [("first", "far/old"), ("second", "far/old"), ("dangling", "far/new")] {
            write_whole(&path(link), link.as_bytes()).unwrap();
            assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(path(end)).unwrap(), link);
        }
        symlink("loop", path("loop")).unwrap();
        assert!(write_whole(&path("loop"), b"").unwrap_err().to_string().contains("loop"));
        assert_eq!(names(&path("far")), ["new", "old"]);
    }

    #[test]
    fn modes_are_kept_and_new_files_have_what_the_umask_leaves() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for kept in [0o600, 0o640, 0o755] {
            fs::write(path("kept"), "old").unwrap();
            fs::set_permissions(path("kept"), fs::Permissions::from_mode(kept)).unwrap();
            write_whole(&path("kept"), b"new").unwrap();
            assert_eq!((mode(&path("kept")), fs::read(path("kept")).unwrap()), (kept, b"new".to_vec()));
        }
        File::create(path("ordinary")).unwrap();
        write_whole(&path("new"), b"").unwrap();
        assert_eq!(mode(&path("new")), mode(&path("ordinary")));
    }

    #[test]
    fn read_only_files_and_folders_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("fixed");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let error = write_whole(&path, b"new").unwrap_err().to_string();
        assert!(error.contains("fixed") && error.contains("read-only"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let error = write_whole(place.path(), b"new").unwrap_err().to_string();
        assert!(error.contains("directory"), "{error}");
        let error = write_whole(&place.path().join("no/file"), b"new").unwrap_err().to_string();
        assert!(error.contains("no/file") && error.contains("make its folder"), "{error}");
        assert_eq!(names(place.path()), ["fixed"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_error_names_the_file_that_was_meant() {
        // Nobody makes files there, not even a superuser.
        for path in ["/sys/file", "/sys/kernel/file.json", "/sys/class/a.b"] {
            let error = write_whole(Path::new(path), b"").unwrap_err().to_string();
            assert!(error.starts_with(&format!("{path}: cannot write")), "{error}");
            assert!(!error.contains(ASIDE.0) && !error.contains(" at path "), "{error}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_written_through() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut read = String::new();
                File::open(pipe).unwrap().read_to_string(&mut read).unwrap();
                read
            }
        });
        write_whole(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        write_whole(Path::new("/dev/null"), b"away").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let full = write_whole(Path::new("/dev/full"), b"full").unwrap_err().to_string();
        assert!(full.contains("/dev/full") && full.contains("free space"), "{full}");
        assert_eq!(names(place.path()), ["pipe"]);
    }

    #[test]
    fn an_open_file_is_written_at_its_end() {
        use std::os::fd::AsRawFd;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("log");
        fs::write(&path, "first\n").unwrap();
        let open = OpenOptions::new().append(true).open(&path).unwrap();
        let name = format!("/proc/self/fd/{}", open.as_raw_fd());
        if Path::new(&name).exists() {
            write_whole(Path::new(&name), b"second\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
            assert_eq!(open.metadata().unwrap().ino(), fs::metadata(&path).unwrap().ino());
        }
    }

    #[test]
    fn leftovers_of_the_dead_go_and_those_of_the_living_stay() {
        let place = tempfile::tempdir().unwrap();
        let dead = [".wheatstone-abc.tmp", ".wheatstone-1.tmp", ".wheatstone-.tmp"];
        let others = [".wheatstone-abc", "x.tmp", ".tmp"];
        dead.iter().chain(&others).for_each(|name| fs::write(place.path().join(name), "").unwrap());
        let living = WholeFile::create(&place.path().join("slow")).unwrap();
        write_whole(&place.path().join("quick"), b"quick").unwrap();
        let found = names(place.path());
        assert!(dead.iter().all(|name| !found.contains(&(*name).to_owned())), "{found:?}");
        assert!(others.iter().all(|name| found.contains(&(*name).to_owned())), "{found:?}");
        living.finish().unwrap();
        assert!(place.path().join("slow").exists());
        drop(WholeFile::create(&place.path().join("never")).unwrap());
        let mut rest = ["quick", "slow"].to_vec();
        rest.extend(others);
        rest.sort_unstable();
        assert_eq!(names(place.path()), rest);
    }
}
