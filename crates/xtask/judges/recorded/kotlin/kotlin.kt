@file:JvmName("Shop")
package com.acme.shop

import java.util.List
import kotlin.math.max as maximum
import org.junit.*

/**
 * A point.
 *
 * @param T anything
 */
@Serializable
@Table(name = "points")
data class Point<out T : Any>(val x: Int = 1, @Inject private var y: T?, plain: Int) : Base<T>(x), Runnable by other, geo.Shape where T : Comparable<T> {
    companion object : Factory {
        const val LIMIT = 10
        fun create() = Point(1, null, 2)
    }

    /** How many. */
    @Volatile
    internal lateinit var count: List<String>

    var size: Int = 1
        get() = field
        private set(value) {
            field = value
        }

    val lazyName by lazy { compute(x) }
    val List<T>.half: Int
        get() = size / 2
    protected val action: (Int) -> Int = { n -> n + 1 }

    init {
        val local = 1
        require(local > 0)
    }

    constructor(a: Int, vararg rest: String = names) : this(a, null, 0) {
        use(rest)
    }

    protected constructor() : super()

    /** Runs. */
    @Deprecated("old")
    override suspend fun run() {
        super.run()
    }

    operator fun plus(other: Point<T>): Point<T> = this

    inner class Inner
    open class Nested
}

enum class Colour(val code: Int) : Named {
    RED(1) {
        override fun title() = "red"
    },
    @Deprecated GREEN(2);

    abstract fun title(): String
}

interface Handler : First, other.Second<Int> {
    fun handle(event: Event)
    fun default() {}
}

sealed class Result
abstract class Partial
annotation class Marker(val value: String)
object Registry : Named
internal typealias Pairs<T> = kotlin.collections.List<Pair<T, T>>

val topLevel = Registry()
private val square = fun(x: Int): Int = x * x

fun <R> List<R>?.second(index: Int = 1, crossinline block: (R) -> Unit): R? = null

private inline fun branches(a: Int, b: Boolean): Int {
    if (a > 0 && b || a < -1) {
        for (i in 0 until a) {
            while (b) {
                continue
            }
        }
    } else if (b) {
        do {
            a.dec()
        } while (a > 0)
    } else {
        val c = if (b) 1 else 2
    }
    outer@ for ((key, value) in map) {
        break@outer
    }
    try {
        acquire()
    } catch (problem: IOException) {
        throw problem
    } finally {
        close()
    }
    return when (val n = a ?: 0) {
        1, 2 -> 3
        is Int -> 4
        in 1..9 -> 5
        else -> 6
    }
}

fun calls() {
    val point = Point(1, 2, 3)
    val other: com.acme.Point = make()
    val add = { a: Int, b -> a + b }
    val listener = object : Listener(1), Closeable {
        override fun close() {
            release()
        }
    }
    point?.origin?.move(1) { it }
    items.map { item -> item.size }.filter(fun(n: Int): Boolean = n > 1)
    convert<Int>(1, name = 2)
    "text ${format(1)}"
    (add)(1, 2)
    table[0](3)
    point!!.show()
    1 to 2
    ::calls
    String::class
    fun nested() {} // TODO check
    nested()
}

class PointTest {
    @Test
    fun works() {}

    @org.junit.jupiter.api.RepeatedTest(3)
    fun `also works`() {}
}
