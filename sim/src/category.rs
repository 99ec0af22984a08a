//! What kind of thing went wrong, for whoever decides what to do about an error without reading its message.

use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;

/// The kind of an error.
///
/// A command-line program turns it into an exit code, a library's caller into a decision: to ask the user, to wait for a
/// device, or to give up. There are few on purpose. A kind is added only where a caller acts differently on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
pub trait Categorized: Error {
    /// Its kind.
    fn category(&self) -> ErrorCategory;
}

/// Implements [`Categorized`] for an enumeration as a table: categories, and the variants of each. It becomes a `match` without a
/// default. Variants under `inner` hold an error that is asked; that row comes first. An error that is always of one category needs
/// no table.
///
/// ```
/// use wheatstone_sim::{Categorized, ErrorCategory, FormatError, categorize};
///
/// #[derive(Debug, thiserror::Error)]
/// enum ReadError {
///     #[error(transparent)]
///     Format(#[from] FormatError),
///     #[error("line {line} is empty; write a width")]
///     Empty { line: u32 },
///     #[error("the disk fails")]
///     Disk,
/// }
///
/// categorize! {
///     ReadError {
///         inner: Format;
///         BadInput: Empty;
///         Failed: Disk;
///     }
/// }
/// assert_eq!(ReadError::Disk.category(), ErrorCategory::Failed);
/// ```
#[macro_export]
macro_rules! categorize {
    ($error:ident: $category:ident) => {
        impl $crate::Categorized for $error {
            fn category(&self) -> $crate::ErrorCategory {
                $crate::ErrorCategory::$category
            }
        }
    };
    ($error:ident {
        inner: $($inner:ident),+;
        $($category:ident: $($variant:ident),+;)*
    }) => {
        impl $crate::Categorized for $error {
            fn category(&self) -> $crate::ErrorCategory {
                match self {
                    $($error::$inner(error) => $crate::Categorized::category(error),)+
                    $($($error::$variant { .. })|+ => $crate::ErrorCategory::$category,)*
                }
            }
        }
    };
    ($error:ident { $($category:ident: $($variant:ident),+;)+ }) => {
        impl $crate::Categorized for $error {
            fn category(&self) -> $crate::ErrorCategory {
                match self {
                    $($($error::$variant { .. })|+ => $crate::ErrorCategory::$category,)+
                }
            }
        }
    };
}

/// A boxed error says what the error in it says.
impl<E: Categorized + ?Sized> Categorized for Box<E>
where
    Box<E>: Error,
{
    fn category(&self) -> ErrorCategory {
        (**self).category()
    }
}

/// An error of whatever type, which still says its category: for traits whose implementors fail in ways of their own.
///
/// Its message is the error's. Its [source](Error::source) is the error itself, so that whoever walks a chain of causes finds it
/// by its type.
#[derive(Debug)]
pub struct BoxedError(Box<dyn Categorized + Send + Sync>);

impl BoxedError {
    /// Boxes an error.
    pub fn new(error: impl Categorized + Send + Sync + 'static) -> BoxedError {
        BoxedError(Box::new(error))
    }

    /// The error, if it is of that type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        let error: &(dyn Error + 'static) = &*self.0;
        error.downcast_ref()
    }
}

impl Display for BoxedError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for BoxedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl Categorized for BoxedError {
    fn category(&self) -> ErrorCategory {
        self.0.category()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FormatError, StateError};

    #[test]
    fn a_boxed_error_is_found_by_its_type() {
        let error = FormatError::Width { field: "v_bits", value: 1, low: 2, high: 3 };
        let boxed = BoxedError::new(error);
        assert_eq!((boxed.to_string(), boxed.category()), (error.to_string(), error.category()));
        assert_eq!(boxed.downcast_ref(), Some(&error));
        assert_eq!(boxed.downcast_ref::<StateError>(), None);
        assert_eq!(boxed.source().and_then(|source| source.downcast_ref()), Some(&error));
    }

    #[test]
    fn only_missing_rights_are_no_access() {
        let of = |kind| ErrorCategory::BadInput.unless_denied(&io::Error::from(kind));
        assert_eq!(of(io::ErrorKind::PermissionDenied), ErrorCategory::NoAccess);
        assert_eq!(of(io::ErrorKind::NotFound), ErrorCategory::BadInput);
    }
}
