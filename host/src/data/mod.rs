//! Data sets and their encoding to voltages.
