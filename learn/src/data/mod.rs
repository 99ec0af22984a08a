//! Data sets, how they are divided, and how they become voltages.
//!
//! Every source ends in the same [`Dataset`]: the user's own tables ([`csv`]), MNIST files ([`idx`]), arrays of NumPy ([`arrays`]), folders of
//! images ([`image_folder`]), the sets
//! that ship inside the binary ([`builtin`]) and generated tasks ([`tasks`]). [`split`] divides its rows into
//! training and test rows, [`encoding`] turns rows into the voltages a network is shown and its answers back
//! into classes or values.
//!
//! Everything here is a pure function of its input: float arithmetic is limited to `+ - * /` and `sqrt`, sums
//! run in row order, and random draws come from ChaCha8 with a stated seed, so every machine gets the same bits.

pub mod arrays;
pub mod builtin;
pub mod column;
pub mod csv;
pub mod dataset;
pub mod encoding;
pub mod export;
pub mod idx;
mod image_file;
pub mod image_folder;
pub mod split;
pub mod summary;
pub mod tasks;

pub use arrays::ArrayError;
pub use builtin::Builtin;
pub use column::{CellKind, TableColumn};
pub use csv::{CsvError, CsvOptions, CsvProblem, FeatureRows, KnownTable, Missing, TargetKind};
pub use dataset::{Citation, Dataset, DatasetError, TargetNames, Targets};
pub use encoding::{Answer, ClassOutputs, Encoder, EncodingConfig, EncodingError, Scale, ValueOutputs};
pub use idx::IdxError;
pub use image_file::ImageFileError;
pub use image_folder::ImageError;
pub use split::{Split, SplitError};
pub use summary::DataSummary;
pub use tasks::Task;
