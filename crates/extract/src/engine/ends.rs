//! Where definitions end in languages that have no mark for it.

use snake_pipe_core::model::Span;

use super::{Limit, Walk, text};

impl Walk<'_> {
    /// Ends every function and class before the comments that stand behind its last statement: to the grammar of a
    /// language without braces they are part of its body, to the language they are not.
    pub(crate) fn end_before_comments(&mut self) {
        let mut functions = std::mem::take(&mut self.facts.functions);
        for function in &mut functions {
            let cut = self.without_last_comments(&mut function.span);
            if let (Some((end, old_end)), Some(source)) = (cut, &mut function.source_code) {
                let (removed, _) = text::stored(&self.source[end..old_end], Limit::Source);
                source.truncate(source.trim_end().len().saturating_sub(removed.trim_end().len()));
            }
        }
        self.facts.functions = functions;
        let mut classes = std::mem::take(&mut self.facts.classes);
        for class in &mut classes {
            self.without_last_comments(&mut class.span);
        }
        self.facts.classes = classes;
    }

    /// Moves the end of a span before the comments with which it ends. Gives the new end and the old one, in bytes.
    fn without_last_comments(&self, span: &mut Span) -> Option<(usize, usize)> {
        let mut ends = None;
        // Comments stand in source order, so their ends do, too.
        while let Ok(index) =
            self.facts.comments.binary_search_by_key(&(span.line_end, span.column_end), |comment| {
                (comment.span.line_end, comment.span.column_end)
            })
        {
            let (start, comment_end) = self.comments.ranges[index];
            let end = self.source[..start as usize].trim_ascii_end().len();
            let gap = &self.source[end..start as usize];
            let comment = self.facts.comments[index].span;
            let line_breaks = gap.iter().filter(|byte| **byte == b'\n').count();
            span.line_end = comment.line_start - line_breaks as u32;
            span.column_end = if line_breaks == 0 {
                comment.column_start - gap.len() as u32
            } else {
                let line =
                    self.source[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
                (end - line) as u32 + 1
            };
            let old_end = ends.map_or(comment_end as usize, |(_, old_end)| old_end);
            ends = Some((end, old_end));
        }
        ends
    }
}
