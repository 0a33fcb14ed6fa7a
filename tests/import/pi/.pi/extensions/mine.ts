export default function (pi: any) {}
