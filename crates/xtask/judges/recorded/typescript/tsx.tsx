export const View = ({ items }: Props) => <ul>{items.map((item) => <li key={item.id}>{render(item)}</li>)}</ul>;
