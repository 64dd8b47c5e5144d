extern alias Legacy;
using System;
using static System.Math;
using Map = System.Collections.Generic.Dictionary<string, int>;
global using Acme.Shared;

[assembly: CLSCompliant(true)]

namespace Acme.Shop
{
    /// <summary>A shape.</summary>
    [Serializable, Table("shapes")]
    [Obsolete]
    public abstract class Shape<T> : Figure<T>(1), IArea where T : new()
    {
        /// <summary>How many.</summary>
        public const int Count = 10, Limit = 2;
        [NonSerialized] private static readonly T value;
        string name;
        static Func<int, int> square = x => x * x;
        public event EventHandler Changed;

        public int Size { get; private set; } = 3;
        [JsonIgnore]
        public string Name
        {
            get { return name; }
            private set => name = value ?? "none";
        }

        /// <summary>Twice.</summary>
        protected internal int Twice => Size * 2;
        public int this[int index] { get => index; }
        event EventHandler Moved { add { Attach(value); } remove { } }

        static Shape() { }

        protected Shape(string name, int size = 1) : base(name)
        {
            this.name = name;
        }

        Shape() : this("x") { }

        ~Shape() { }

        /// <summary>
        /// The area.
        /// </summary>
        /// <returns>A number.</returns>
        [Pure]
        public abstract double Area();

        public static Shape<T> operator +(Shape<T> a, Shape<T> b) => a;
        public static implicit operator int(Shape<T> shape) => 1;

        void IArea.Measure<U>(ref int a, out U b, in int c, params int[] rest) { b = default; }

        [DllImport("x")] private static extern void Native();

        internal int Branches(int a, bool b)
        {
            if (a > 0 && b || a < -1)
            {
                for (int i = 0; i < a; i++) while (b) break;
            }
            else if (b)
            {
                do { a--; } while (a > 0);
            }
            else
            {
                a = b ? 1 : 2;
            }
            foreach (var (key, entry) in Pairs()) goto end;
            try { Run(); }
            catch (IOException problem) when (problem.Code > 1) { }
            catch { throw; }
            finally { Close(); }
            switch (a)
            {
                case 1:
                case 2:
                    return 1;
                case int n when n > 3:
                    break;
                default:
                    break;
            }
        end:
            return a switch { 1 => 2, > 5 and < 9 => 3, _ => 4 };
        }
    }

    public static class Extensions
    {
        public static async Task<int> Calls(this string text, object o)
        {
            var point = new Point(1, 2);
            Acme.Point other = new(3, 4), third = null;
            var list = new System.Collections.Generic.List<int> { 1 };
            Func<int, int> add = async (int a) => { return a + 1; }, sub = delegate (int y) { return y; };
            point?.Move(1);
            point?.Origin?.Shift();
            text.Trim().Split<char>(',');
            Max(1, 2);
            Convert<int>(nameof(o));
            (add)(1);
            table[0](2);
            if (o is Circle circle && o is not null) await circle.Draw();
            int.TryParse("1", out var number);
            using var file = new File("x");
            int Local(int z) => z;
            var query = from item in list where item > 0 let half = item / 2 select Half(half);
            list.ForEach(item => Use(item)); // TODO check
            return Local(number);
        }
    }

    interface IArea : IFirst, Base<int>
    {
        double Area();
        int Size { get; }
        void Default() { }
    }

    [Flags]
    enum Colour : byte
    {
        [Display] Red = 1,
        Green
    }

    public delegate R Handler<in A, out R>(A argument);

    struct Pair : System.IEquatable<Pair>
    {
        public int Left;
        private class Inner { }
    }

    public record Point(int X, [property: Key] int Y = 0) : Place(X), IPoint;
    public readonly record struct Small(byte Value);
}

public class ShapeTests
{
    [Fact]
    public void Works() { }

    [NUnit.Framework.TestCaseAttribute(1)]
    public async Task AlsoWorks(int n) { }
}
