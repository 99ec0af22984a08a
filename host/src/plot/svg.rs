//! A small writer of SVG, for pictures that are not charts.
//!
//! It never writes an `id`, so that many pictures fit into one HTML document.

use super::palette::{INK, Rgb};
use std::fmt::Write;

/// Where a text is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture being written. Coordinates are CSS pixels, x to the right and y down.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    /// An empty picture on white; `title` is what a screen reader says of it.
    pub(super) fn new(width: f64, height: f64, title: &str) -> Svg {
        let mut text = head(width, height, (width, height), title);
        let _ = writeln!(text, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        Svg { text }
    }

    /// The finished picture.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// Opens a group of that class.
    pub(super) fn open(&mut self, class: &str, attributes: &str) {
        let _ = writeln!(self.text, "<g class=\"{class}\" {attributes}>");
    }

    /// Closes the group.
    pub(super) fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    /// A path of that description, not filled.
    pub(super) fn stroke(&mut self, path: &str, colour: Rgb, width: f64, dash: Option<f64>) {
        let _ = write!(self.text, "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{width:.2}\"");
        if let Some(dash) = dash {
            let _ = write!(self.text, " stroke-dasharray=\"{dash:.1} {:.1}\"", 0.75 * dash);
        }
        self.text.push_str("/>\n");
    }

    /// A filled path with an outline and a text for the pointer resting on it.
    pub(super) fn fill(&mut self, path: &str, fill: Rgb, outline: Option<(Rgb, f64)>, hint: &str) {
        let _ = write!(self.text, "<path d=\"{path}\" fill=\"{fill}\"");
        if let Some((colour, width)) = outline {
            let _ = write!(self.text, " stroke=\"{colour}\" stroke-width=\"{width:.2}\"");
        }
        if hint.is_empty() {
            self.text.push_str("/>\n");
        } else {
            let _ = writeln!(self.text, "><title>{}</title></path>", escape(hint));
        }
    }

    /// A filled rectangle.
    pub(super) fn rectangle(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], fill: Rgb) {
        let _ = writeln!(
            self.text,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
        );
    }

    /// Text with its middle at height `y`.
    pub(super) fn text(&mut self, at: [f64; 2], size: f64, anchor: Anchor, text: &str) {
        self.styled(at, size, anchor, INK, "", text);
    }

    /// Text in a colour and with further attributes.
    pub(super) fn styled(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        anchor: Anchor,
        colour: Rgb,
        attributes: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" dy=\"0.35em\" font-size=\"{size:.1}\" text-anchor=\"{anchor}\" \
             fill=\"{colour}\" {attributes}>{}</text>",
            escape(text)
        );
    }
}

/// The opening tag of a picture `width` x `height` CSS pixels large, in its own units, with its title.
pub(super) fn head(width: f64, height: f64, (units_x, units_y): (f64, f64), title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {units_x} {units_y}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" font-family=\"sans-serif\">\n<title>{}</title>\n",
        escape(title)
    )
}

/// Text for the inside of an element or a quoted attribute; characters XML forbids become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if printable(c) => escaped.push(c),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// At most `limit` characters, the last one an ellipsis if some were cut.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// XML 1.0 has a place for it (production 2), and it is no control character.
pub(super) fn printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shorten("naïve setosa", 6), "naïve…");
        assert_eq!(shorten("setosa", 6), "setosa");
    }
}
