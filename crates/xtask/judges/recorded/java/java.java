@NonNull
package com.acme;

import java.util.List;
import java.util.function.*;
import static java.lang.Math.max;
import static org.junit.Assert.*;

/**
 * A shape.
 *
 * @param <T> anything
 */
@Entity(name = "shape")
@Deprecated
public abstract class Shape<T extends Comparable<T>> extends base.Figure<T> implements Runnable, List<T> {
    /** How many. */
    public static final int COUNT = 10, LIMIT[] = {1, 2};
    @Inject @Named("x") private volatile T value;
    private static final Supplier<Shape<?>> MAKER = () -> new Circle();

    static {
        register("shape");
    }

    // not documentation

    protected <A> Shape(final T value, @Nullable String... names) throws Error {
        super(value);
        this.value = value;
    }

    Shape() {
        this(null);
    }

    /** The area. */
    @Override
    public abstract double area();

    private static native void nothing(Shape<T> this, int[] a, long b[]);

    synchronized int branches(int a, boolean b) {
        if (a > 0 && b || a < -1) {
            for (int i = 0; i < a; i++) {
                while (b) {
                    break;
                }
            }
        } else if (b) {
            do {
                a--;
            } while (a > 0);
        } else {
            a = b ? 1 : 2;
        }
        outer:
        for (String name : names()) {
            continue outer;
        }
        try (Reader in = open(); out) {
            in.read();
        } catch (IOException | Error problem) {
            log.warn("x", problem);
        } catch (RuntimeException other) {
            throw other;
        } finally {
            close();
        }
        switch (a) {
            case 1:
            case 2:
                return 1;
            default:
                break;
        }
        return switch (this.value) {
            case 1 -> 1;
            default -> 0;
        };
    }

    void calls(Object o) {
        var point = new Point(1, 2);
        com.acme.Point other = new com.acme.Point(1, 2), third;
        List<String> list = new java.util.ArrayList<>();
        Runnable run = () -> point.move(1);
        BiFunction<Integer, Integer, Integer> add = (a, b) -> a + b;
        list.stream().map((String s) -> s.trim()).forEach(System.out::println);
        this.<T>branches(1, true);
        super.run();
        (list).size();
        if (o instanceof Circle circle && circle.area() > 0) run.run();
        new Thread(new Runnable() {
            int count = 0;

            @Override
            public void run() {
                calls(this);
            }
        }).start();
        class Local {
            void m() {}
        }
    }

    private class Inner {
        Inner() {
            outer.super(1);
        }
    }
}

record Point(@Positive int x, int... y) implements Comparable<Point> {
    Point {
        if (x < 0) throw new IllegalArgumentException();
    }

    static Point origin() {
        return new Point(0, 0);
    }
}

/// Markdown documentation.
enum Colour implements Named {
    /** Red. */
    RED(1),
    @Deprecated GREEN(2) {
        @Override
        int code() {
            return 7;
        }
    };

    private final int code;

    Colour(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}

sealed interface Named extends A, B.C<D> permits Colour {
    String PREFIX = "n";

    String name();

    default String title() {
        return PREFIX + name();
    }

    private void hidden() {}

    class Nested {}
}

@interface Marker {
    String value() default "x";

    int[] sizes();
}

class ShapeTest {
    @Test
    @DisplayName("works")
    void works() { /* TODO later */ }

    @org.junit.jupiter.params.ParameterizedTest
    void alsoWorks(int n) {}
}
