package com.acme
package shop

import java.util.{List => JList, Map, Set => _, _}
import scala.math.max, scala.util
import scala.concurrent._

/**
 * A shape.
 *
 * @tparam T anything
 */
@deprecated("old", "1.0")
sealed abstract class Shape[+T <: AnyRef](val name: String = "x", private[shop] var size: T, plain: Int*)(implicit ord: Ord[T])
    extends Figure[T](name)
    with Named
    with geo.Area[T] {
  self: Named =>

  /** How many. */
  @volatile private var count, total: Int = 0
  val (left, Right(right)) = pair
  protected lazy val square: Int => Int = (n: Int) => n * n
  private[this] val partial: PartialFunction[Int, Int] = { case 1 => 2 }
  var later: String

  def this(size: T) = {
    this("y", size)
    super.init()
  }

  /** The area. */
  @throws[Error]("never")
  override protected[acme] def area[A](a: A, b: => Int = 2, rest: String*)(implicit c: Context): Double

  def +(other: Shape[T]): Shape[T] = this
  def unary_! : Boolean = false
  type Pair = (T, T)
  type Unknown
  def later_=(next: String): Unit = ()

  private def branches(a: Int, b: Boolean) = {
    if (a > 0 && b || a < -1) {
      for (i <- 0 until a) while (b) print(i)
    } else if (b) {
      do { next() } while (a > 0)
    } else {
      if (b) 1 else 2
    }
    for {
      (key, value) <- map
      entry @ Some(inner) <- value if key && b
    } yield inner
    try {
      acquire()
    } catch {
      case problem: IOException => throw problem
      case _ => 0
    } finally {
      close()
    }
    a match {
      case 1 | 2 => 3
      case head :: `tail` if b => 4
      case Point(x, y: Int) => x
      case _ => 5
    }
  }

  def calls(): Unit = {
    val point = new Point(1, 2)
    val other: geo.Point = new geo.Point[Int](1)(2)
    val task = new Runnable with Closeable {
      override def run(): Unit = release()
    }
    list.map(_ + 1).foreach { case (k, v) => use(k) }
    items.fold[Int](0)((x, y: Int) => x + y)
    point move 1
    List(1, 2)
    Local(3)
    s"text ${format(1)} $point"
    test("named") { check(1) }
    def nested = 1 // TODO check
    apply()(2)
    list.size
  }

  case class Local(x: Int, private val y: Int = 1)(z: Int)
}

case object Nothing extends Shape
object Main extends App { run() }
trait Named { def title: String; def greet() { println("hi") } }
final class Empty private (var x: Int)

package object util {
  def helper = 1
}

class ShapeTest extends AnyFunSuite {
  @Test def works(): Unit = ()
}
