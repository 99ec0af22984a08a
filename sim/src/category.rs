//! What kind of thing went wrong, for whoever decides what to do about an error without reading its message.

use std::io;

/// The kind of an error.
///
/// A command-line program turns it into an exit code, a library's caller into a decision: to ask the user, to wait for a
/// device, or to give up. There are few on purpose. A kind is added only where a caller acts differently on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCategory {
    /// What was asked for cannot be, whatever the files hold: two wishes contradict each other, or a value is out of bounds.
    Usage,
    /// A file, a table, a network or a value in one of them is not what it has to be.
    BadInput,
    /// A device is not there, or is gone.
    NoDevice,
    /// A device or a file is there and may not be used: rights are missing, or another program holds it.
    NoAccess,
    /// A device is there and does not answer as it has to.
    Link,
    /// A device and the model, or two results that must be equal, differ.
    Mismatch,
    /// Nothing is wrong with what was asked for, and it could not be done: a disk is full, a tool failed.
    Failed,
    /// A signal or the user stopped it.
    Interrupted,
}

impl ErrorCategory {
    /// [`NoAccess`](ErrorCategory::NoAccess) where the system refuses a file or a port for want of rights, else this category.
    #[must_use]
    pub fn unless_denied(self, error: &io::Error) -> ErrorCategory {
        if error.kind() == io::ErrorKind::PermissionDenied { ErrorCategory::NoAccess } else { self }
    }
}

/// An error that says of what kind it is.
///
/// Every error of this project's libraries implements it by a `match` without a default, so that a new variant compiles only when
/// somebody has decided its kind. An error that holds another asks that one.
///
/// ```
/// use wheatstone_sim::{Categorized, ErrorCategory, Format};
///
/// let error = Format::new(40, 8, 16, 16).unwrap_err();
/// assert_eq!(error.category(), ErrorCategory::BadInput);
/// ```
pub trait Categorized: std::error::Error {
    /// Its kind.
    fn category(&self) -> ErrorCategory;
}
