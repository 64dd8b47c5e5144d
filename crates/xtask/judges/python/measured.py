"""Functions with every form that mccabe, radon, lizard or the cognitive complexity count."""


def branches(a, b=1 if True else 2):
    if a and b or not a:
        return a
    elif b:
        return b
    else:
        return None


def loops(items):
    for item in items:
        if item:
            continue
    else:
        pass
    while items:
        break
    else:
        items = [x for x in items if x if not x for y in x]
    return items


def handlers():
    try:
        branches(1)
    except ValueError:
        return 1
    except (KeyError, TypeError) as error:
        raise error
    else:
        return 2
    finally:
        if loops([]):
            loops([1])


def groups():
    try:
        branches(1)
    except* ValueError:
        loops([])


def cases(a):
    match a:
        case 1 if a:
            return 1
        case [2, 3] | 4:
            return 2
        case name:
            return name


def expressions(a):
    assert a and a or a
    text = f"{a or 1}"
    return (lambda: 1 if a else 2)() if text else a


def decorator(function):
    def wrapper(*arguments):
        if arguments:
            return function(*arguments)
        return None

    return wrapper


def maker():
    class Local:
        def method(self):
            return self if self else None

    def inner():
        for _ in []:
            pass

    return Local, inner


async def asynchronous(a):
    async for b in a:
        async with b as c:
            if c:
                pass


if branches:

    def conditional():
        return 1


class Class:
    attribute = 1 if branches else 2

    @property
    def accessor(self):
        return self.attribute

    @accessor.setter
    def accessor(self, value):
        if value:
            self.attribute = value
