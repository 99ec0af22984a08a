//! The list of an enum's variants, complete by construction.

/// Gives an enum the constant `ALL`. A variant that is not listed does not compile.
macro_rules! all {
    ($kind:ident: $($variant:ident),+) => {
        impl $kind {
            /// Every one, in order of declaration.
            pub const ALL: &[$kind] = {
                const fn listed(kind: $kind) -> $kind {
                    match kind {
                        $($kind::$variant => kind,)+
                    }
                }
                &[$(listed($kind::$variant)),+]
            };
        }
    };
}

pub(crate) use all;
