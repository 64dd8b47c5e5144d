//! An answer that comes in portions.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{
    SinkExt as _, Stream, StreamExt as _, TryStreamExt as _,
    channel::mpsc,
    stream::{self, BoxStream},
};

use crate::{
    Error, ErrorKind, Result,
    query::{QueryResult, Value},
};

/// Some rows of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowPortion {
    /// The rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
    /// Whether rows behind these were left out, because of the query's limits. Then this is the last portion.
    pub truncated: bool,
}

/// The rows of an answer, in order, in portions as they come; nothing is read that is not asked for. An error is the last item.
/// Dropping it ends the query.
pub struct RowStream {
    columns: Vec<String>,
    portions: BoxStream<'static, Result<RowPortion>>,
}

impl fmt::Debug for RowStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl RowStream {
    /// An answer with these columns.
    #[must_use]
    pub fn new(
        columns: Vec<String>,
        portions: impl Stream<Item = Result<RowPortion>> + Send + 'static,
    ) -> Self {
        Self { columns, portions: portions.boxed() }
    }

    /// An answer whose portions somebody sends, who works only while the stream is polled, and never further than one portion
    /// ahead. Its error ends the stream.
    #[must_use]
    pub fn produced<P>(columns: Vec<String>, produce: impl FnOnce(PortionSender) -> P) -> Self
    where
        P: Future<Output = Result<()>> + Send + 'static,
    {
        // A sender waits until its portion is taken, so an error never overtakes what was sent before it.
        let (sender, receiver) = mpsc::channel(0);
        let ending = stream::once(produce(PortionSender(sender)))
            .filter_map(|end| std::future::ready(end.err().map(Err)));
        Self::new(columns, stream::select(receiver.map(Ok), ending))
    }

    /// The columns' names, in order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows one by one, for whoever does not ask whether there would have been more.
    pub fn rows(self) -> impl Stream<Item = Result<Vec<Value>>> + Send {
        self.map_ok(|portion| stream::iter(portion.rows).map(Ok)).try_flatten()
    }

    /// All rows at once. The duration is left at zero.
    ///
    /// # Errors
    /// The stream's.
    pub async fn collect(mut self) -> Result<QueryResult> {
        let columns = std::mem::take(&mut self.columns);
        let mut result = QueryResult { columns, duration: Duration::ZERO, ..QueryResult::default() };
        while let Some(mut portion) = self.try_next().await? {
            result.truncated |= portion.truncated;
            if result.rows.is_empty() {
                result.rows = portion.rows;
            } else {
                result.rows.append(&mut portion.rows);
            }
        }
        Ok(result)
    }
}

impl Stream for RowStream {
    type Item = Result<RowPortion>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.portions.poll_next_unpin(context)
    }
}

impl From<QueryResult> for RowStream {
    fn from(result: QueryResult) -> Self {
        let portion = RowPortion { rows: result.rows, truncated: result.truncated };
        Self::new(result.columns, stream::once(std::future::ready(Ok(portion))))
    }
}

/// Where the producer of a [`RowStream`] puts its portions.
#[derive(Debug)]
pub struct PortionSender(mpsc::Sender<RowPortion>);

impl PortionSender {
    /// Hands a portion over, and waits until it is taken.
    ///
    /// # Errors
    /// `Cancelled` when nobody wants it any more.
    pub async fn send(&mut self, portion: RowPortion) -> Result<()> {
        let sent = self.0.send(portion).await;
        sent.map_err(|_| Error::new(ErrorKind::Cancelled, "nobody takes the rows any more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(number: i64) -> RowPortion {
        RowPortion { rows: vec![vec![Value::Integer(number)]], truncated: false }
    }

    fn counting(error: Option<Error>) -> RowStream {
        RowStream::produced(vec!["n".to_owned()], |mut out| async move {
            for number in 1..=3 {
                out.send(portion(number)).await?;
            }
            error.map_or(Ok(()), Err)
        })
    }

    #[tokio::test]
    async fn portions_come_in_order_and_are_collected() {
        let result = counting(None).collect().await.unwrap();
        assert_eq!((result.columns, result.truncated), (vec!["n".to_owned()], false));
        assert_eq!(result.rows, [[Value::Integer(1)], [Value::Integer(2)], [Value::Integer(3)]]);
        assert_eq!(counting(None).rows().count().await, 3);
    }

    #[tokio::test]
    async fn an_error_comes_behind_all_rows_that_were_sent() {
        let items: Vec<_> = counting(Some(Error::new(ErrorKind::Query, "broken"))).collect_items().await;
        assert_eq!(items.len(), 4);
        assert_eq!(items[2].as_ref().unwrap(), &portion(3));
        assert_eq!(items[3].as_ref().unwrap_err().kind(), ErrorKind::Query);
    }

    #[tokio::test]
    async fn nobody_works_ahead_of_the_receiver() {
        let (told, mut heard) = mpsc::unbounded();
        let mut rows = RowStream::produced(Vec::new(), |mut out| async move {
            for number in 1..=3 {
                told.unbounded_send(number).expect("the test listens");
                out.send(portion(number)).await?;
            }
            Ok(())
        });
        rows.next().await.unwrap().unwrap();
        assert_eq!(heard.try_recv().unwrap(), 1);
        assert!(heard.try_recv().is_err());
    }

    impl RowStream {
        async fn collect_items(self) -> Vec<Result<RowPortion>> {
            futures::StreamExt::collect(self).await
        }
    }
}
