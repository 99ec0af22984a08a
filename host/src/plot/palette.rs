//! Colours that the colour-blind tell apart and that survive a grey print.

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub u8, pub u8, pub u8);

/// Text, axes and outlines.
pub(super) const INK: Rgb = Rgb(34, 34, 40);
/// Secondary text.
pub(super) const MUTED: Rgb = Rgb(98, 98, 108);
/// Grid lines.
pub(super) const GRID: Rgb = Rgb(222, 224, 228);

/// The qualitative palette of Okabe and Ito (jfly.uni-koeln.de/color, 2008), without its yellow, too pale on white.
pub(super) const SERIES: [Rgb; 7] = [
    Rgb(0, 114, 178),
    Rgb(213, 94, 0),
    Rgb(0, 158, 115),
    Rgb(204, 121, 167),
    Rgb(86, 180, 233),
    Rgb(230, 159, 0),
    Rgb(34, 34, 40),
];

/// Light sand to dark teal: lightness falls evenly, so the order is seen without hue.
const SEQUENTIAL: [Rgb; 5] =
    [Rgb(206, 199, 174), Rgb(166, 198, 160), Rgb(82, 156, 132), Rgb(22, 106, 108), Rgb(10, 48, 64)];

/// Blue through white to red; both ends are equally dark.
const DIVERGING: [Rgb; 5] =
    [Rgb(28, 84, 158), Rgb(128, 178, 216), Rgb(250, 250, 250), Rgb(238, 152, 120), Rgb(172, 24, 44)];

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Rgb {
    /// White text is read better on it than black.
    pub(super) fn is_dark(self) -> bool {
        let Rgb(r, g, b) = self;
        299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) < 140_000
    }
}

/// The colour of a share 0..=1 of the scale.
pub(super) fn sequential(share: f64) -> Rgb {
    interpolate(&SEQUENTIAL, share)
}

/// The colour of a value -1..=1 of the scale.
pub(super) fn diverging(value: f64) -> Rgb {
    interpolate(&DIVERGING, (value + 1.0) / 2.0)
}

fn interpolate(stops: &[Rgb; 5], share: f64) -> Rgb {
    let place = if share.is_nan() { 0.0 } else { 4.0 * share.clamp(0.0, 1.0) };
    let below = super::scale::index(place, 3);
    let rest = place - below as f64;
    let mix = |a: u8, b: u8| super::scale::byte(f64::from(a) + rest * (f64::from(b) - f64::from(a)));
    let (Rgb(r, g, b), Rgb(s, h, c)) = (stops[below], stops[below + 1]);
    Rgb(mix(r, s), mix(g, h), mix(b, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_meet_their_stops_and_get_darker() {
        assert_eq!(sequential(0.0), SEQUENTIAL[0]);
        assert_eq!(sequential(0.5), SEQUENTIAL[2]);
        assert_eq!(sequential(7.0), SEQUENTIAL[4]);
        assert_eq!(diverging(0.0), DIVERGING[2]);
        assert_eq!(diverging(f64::NAN), DIVERGING[0]);
        assert!(!sequential(0.1).is_dark() && sequential(0.9).is_dark());
    }
}
